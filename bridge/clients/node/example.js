// node example.js [port]: continues three notes and prints the answer. The bridge must be running: `antiphon serve`.
"use strict";
const Antiphon = require("./antiphon.js");

Antiphon.connect({port: Number(process.argv[2] || 7374), name: "example"}, (error, client, bridge) => {
    if (error) {
        console.error(error.message);
        process.exit(1);
    }
    console.log(`antiphon ${bridge.version} can ${bridge.capabilities.join(", ")}`);
    client.request("continue", {
        notes: [
            {pitch: 62, start: 0, duration: 1},
            {pitch: 65, start: 1, duration: 1},
            {pitch: 69, start: 2, duration: 2},
        ],
        options: {model: "folk", bars: 4, metre: "4/4", scale: "D dorian", seed: 7},
        progress: (fraction) => console.log(`${Math.round(fraction * 100)} %`),
        done: (failure, takes) => {
            if (failure) console.error(failure.message);
            else takes[0].notes.forEach((note) => console.log(note.start, note.pitch, note.duration));
            client.close();
        },
    });
});
