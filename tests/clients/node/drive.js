// node drive.js PORT: reads one JSON list of steps from standard input, does them in turn, prints a JSON line each.
"use strict";
const Antiphon = require("../../../bridge/clients/node/antiphon.js");

const steps = JSON.parse(require("fs").readFileSync(0, "utf8"));
const print = (value) => console.log(JSON.stringify(value));

Antiphon.connect({port: Number(process.argv[2]), name: "test"}, (error, client, bridge) => {
    print({error, bridge});
    if (error) return;
    const next = () => {
        const step = steps.shift();
        if (!step) return client.close();
        const answer = (failure, value) => {
            print({error: failure, value});
            next();
        };
        if (step.ask) return client[step.ask](...(step.args || []), answer);
        const singles = [];
        const fractions = [];
        const id = client.request(step.verb, {
            ...step,
            note: (take, index, note) => singles.push([take, index, note.pitch]),
            progress: (fraction) => {
                fractions.push(fraction);
                if (step.cancel) client.cancel(id);
            },
            done: (failure, takes) => {
                print({error: failure, takes, singles, fractions: fractions.length});
                next();
            },
        });
        if (step.cancel === "now") client.cancel(id);
    };
    next();
});
