"""The rules: who is calling, does the pair match, how often, and the two-phase password."""

from hotline.desk.alarms import AlarmWatch
from hotline.desk.caller import CallerNumber, caller_number, dialled
from hotline.desk.desk import Desk, Finding
from hotline.desk.errors import (
    AlarmAcknowledged,
    AlreadyIssued,
    CallerForeign,
    CallerRefused,
    CallerUnasserted,
    CallerWithheld,
    DeskError,
    LimitReached,
    MediaUnproven,
    NoSuchAlarm,
    NothingToLift,
    NumberMalformed,
    OperatorRefused,
    Overloaded,
    PasswordUnchanged,
    ReasonUnfit,
    ReissuedTooOften,
    SecondPersonNeeded,
    TooManyFailures,
)
from hotline.desk.known_peppers import require_known_trace_key
from hotline.desk.ledger import CallRecord, Ledger
from hotline.desk.media import MediaRule
from hotline.desk.numbers import InsuranceNumber, stored_e164, vietnamese_e164
from hotline.desk.operator import OperatorDesk, PepperUse, Reason, Standing
from hotline.desk.pepper import Keyring
from hotline.desk.reissue import Activation, Reissue
from hotline.desk.sample import SampleMalformed, SampleMember, enrol, load_sample, sample_members
from hotline.desk.secret import SecretDigits
from hotline.desk.sign_in import SignIn
from hotline.desk.vault import Vault
from hotline.records import RecordsUnavailable

__all__ = [
    "Activation",
    "AlarmAcknowledged",
    "AlarmWatch",
    "AlreadyIssued",
    "CallRecord",
    "CallerForeign",
    "CallerNumber",
    "CallerRefused",
    "CallerUnasserted",
    "CallerWithheld",
    "Desk",
    "DeskError",
    "Finding",
    "InsuranceNumber",
    "Keyring",
    "Ledger",
    "LimitReached",
    "MediaRule",
    "MediaUnproven",
    "NoSuchAlarm",
    "NothingToLift",
    "NumberMalformed",
    "OperatorDesk",
    "OperatorRefused",
    "Overloaded",
    "PasswordUnchanged",
    "PepperUse",
    "Reason",
    "ReasonUnfit",
    "RecordsUnavailable",
    "Reissue",
    "ReissuedTooOften",
    "SampleMalformed",
    "SampleMember",
    "SecondPersonNeeded",
    "SecretDigits",
    "SignIn",
    "Standing",
    "TooManyFailures",
    "Vault",
    "caller_number",
    "dialled",
    "enrol",
    "load_sample",
    "require_known_trace_key",
    "sample_members",
    "stored_e164",
    "vietnamese_e164",
]
