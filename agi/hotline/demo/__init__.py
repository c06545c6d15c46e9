"""The whole house on one machine: everything the hotline needs, brought up, rung and taken down."""
