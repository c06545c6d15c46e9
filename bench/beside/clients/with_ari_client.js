// The reference call by ARI with Node's ari-client.
'use strict';

const orders = JSON.parse(process.env.BENCH_BESIDE);
const NUMBER = '0123456799';

async function serve(client, channel) {
  const keys = [];
  let waiting = null;
  channel.on('ChannelDtmfReceived', (event) => {
    if (waiting) {
      const tell = waiting;
      waiting = null;
      tell(event.digit);
    } else {
      keys.push(event.digit);
    }
  });
  const key = () => (keys.length ? Promise.resolve(keys.shift()) : new Promise((tell) => { waiting = tell; }));
  const play = async (sound) => {
    const playback = client.Playback();
    const finished = new Promise((tell) => playback.once('PlaybackFinished', tell));
    await channel.play({ media: `sound:${orders.sounds}/${sound}` }, playback);
    return { playback, finished };
  };

  await channel.answer();
  const menu = await play('menu');
  const chosen = await key();
  await menu.playback.stop();
  const silence = await play('silence');
  let keyed = '';
  for (let digit = await key(); digit !== '#'; digit = await key()) {
    keyed += digit;
  }
  await silence.playback.stop();
  if (chosen === '8' && keyed === NUMBER) {
    for (const sound of ['check', 'reading', 'reading']) {
      await (await play(sound)).finished;
    }
  }
  await channel.hangup();
}

require('ari-client').connect(orders.url, orders.user, process.env.BENCH_ARI_PASSWORD).then((client) => {
  client.on('StasisStart', (event, channel) => {
    serve(client, channel).catch((trouble) => console.error(trouble.message));
  });
  return client.start(orders.app).then(() => console.log('ready'));
});
