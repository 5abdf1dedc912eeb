// Asks a bridge for notes with npm's package osc, as a Max or browser project would.
//
//   node notes.js PORT LISTEN '[["/antiphon/generate", "tune", "bars", 4], …]'
//
// One socket sends and hears its replies; a second one hears at LISTEN, as Max's [udpreceive] does.
// Every reply becomes a line of JSON: address and arguments. The bridge tells when it has said all.
"use strict";
const osc = require("osc");

const [port, listen, said] = process.argv.slice(2);
const heard = (message) => {
  console.log(JSON.stringify([message.address, ...message.args]));
  if (message.address === "/antiphon/synced") {
    talk.close();
    other.close();
  }
};

const talk = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: 0,
                               remoteAddress: "127.0.0.1", remotePort: Number(port) });
const other = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: Number(listen) });
for (const socket of [talk, other]) {
  socket.on("message", heard);
  socket.on("error", (error) => { console.error(error); process.exit(1); });
}
talk.on("ready", () => {
  // Plain numbers and strings: the package writes all numbers as floats.
  for (const [address, ...args] of JSON.parse(said)) talk.send({ address, args });
  talk.send({ address: "/antiphon/sync", args: [1] });
});
other.on("ready", () => talk.open());
other.open();
