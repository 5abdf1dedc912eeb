// Answer notes by any Antiphon model of notes, with ONNX Runtime alone: npm install onnxruntime-node
// node run_anywhere.mjs folk.onnx '{"context": [[62, 0, 1], [65, 1, 1], [69, 2, 2]], "metre": "4/4"}'

import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";

const file = readFileSync(process.argv[2]), card = JSON.parse(metadata(file).antiphon), NO = -1e9;
const { fields, memory, defaults, ticks_per_beat: ticks } = card, rows = memory ? memory.length + 1 : 0;
const asked = { context: [], bars: 4, seed: 7, metre: defaults.metre };
Object.assign(asked, JSON.parse(process.argv[3] ?? "{}"));
const [beats, unit] = asked.metre.split("/"), bar = Math.round(4 * ticks * beats / unit);

const session = await ort.InferenceSession.create(file), feed = {};
for (const { name, type, shape } of session.inputMetadata) {
    const dims = shape.map(size => ({ batch: 1, memory: rows })[size] ?? size);
    const zeros = new (type === "int32" ? Int32Array : Float32Array)(dims.reduce((a, b) => a * b));
    feed[name] = new ort.Tensor(type, zeros, dims);
}
const data = name => feed[name].data;
for (const { name, initial } of card.state) data(name).fill(initial);
if (memory) data("memory_positions").fill(1e9)[0] = -1e7; // row 0 stands for "nothing"; 1e9: still unused
data("note").set(fields.map(f => data("mask_" + f.name).length)); // what stands before the first note
data("clock")[2] = bar;
for (const name of ["temperature", "top_p"]) data(name)[0] = defaults[name];

let state = asked.seed, steps = 0, place = 0, tick = 0;
function draw() { // 24 bits: a number with more could become 1 as a float32
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
}
async function step(forced, remaining) { // the next note; -1 leaves a choice
    data("forced").set(forced);
    data("conditions").set([card.metres.indexOf(asked.metre) + 1, remaining]);
    data("uniform").set(fields.map(draw));
    const out = await session.run(feed);
    if (memory) {
        const { heads, key_size: k, value_size: v } = memory;
        const row = 1 + steps % (rows - 1), before = 1 + (steps - 1) % (rows - 1);
        for (let i = 0; i < heads * k; i++) data("memory_keys")[i * rows + row] = out.key.data[i];
        for (let h = 0; steps && h < heads; h++) // what followed the step before is known only now
            data("memory_values").set(out.value.data.slice(h * v, h * v + v), (h * rows + before) * v);
        if (steps) data("memory_positions")[before] = place;
        data("memory_positions")[row] = 1e9;
        place = data("clock")[0] * 1024 + data("clock")[1];
    }
    steps++;
    feed.note = out.chosen;
    for (const name in out) if (name.endsWith("_out")) feed[name.slice(0, -4)] = out[name];
    const note = Object.fromEntries(fields.map((f, i) => [f.name, f.values[out.chosen.data[i]]]));
    tick += note.delta; // after the end, which has no value, no number any more
    return note;
}

// What was played, in the model's order; the first delta counts from the barline at beat 0.
const heard = asked.context.map(([pitch, start, duration, velocity = 80, part = 0]) =>
    ({ pitch, on: Math.round(start * ticks), duration: duration * ticks, velocity, part, offset: 0 }));
for (const note of heard.sort((a, b) => a.on - b.on || a.part - b.part || a.pitch - b.pitch)) {
    note.delta = note.on - tick;
    const far = f => f.values.map(value => Math.abs(value - note[f.name]));
    const codes = fields.map(f => far(f).indexOf(Math.min(...far(f))));
    await step(codes, card.phrases ? 33 + data("clock")[0] % 8 : 0);
}

// The answer: bars from the next barline on, in range and scale; the piece ends in the last one.
const begin = Math.ceil(Math.max(0, ...heard.map(n => n.on + Math.max(n.duration, 1))) / bar);
const last = begin + asked.bars - 1, end = (last + 1) * bar, scale = asked.scale ?? [...Array(12).keys()];
const fits = pitch => pitch >= defaults.low && pitch <= defaults.high && scale.includes(pitch % 12);
data("mask_pitch").set(fields.find(f => f.name === "pitch").values.map(pitch => (fits(pitch) ? 0 : NO)));
for (;;) {
    const now = data("clock")[0], least = begin * bar - tick, most = steps ? Infinity : 0;
    const gaps = fields[0].values.map(delta => (delta < least || delta > most ? NO : 0));
    data("mask_delta").set([...gaps, now < last ? NO : 0]); // the last delta means the end of the piece
    const { pitch, duration = 1, velocity = 80, part = 0, offset = 0 } =
        await step(fields.map(() => -1), Math.min(last - now, 31) + 1);
    if (!(tick < end)) break;
    const start = (tick + offset) / ticks, lasts = Math.min(duration, end - tick) / ticks;
    console.log(JSON.stringify({ pitch, start, duration: lasts, velocity, part }));
}

function* parts(bytes) { // number and bytes of each field of a protocol buffer
    let at = 0;
    const number = (byte = bytes[at++]) => (byte < 128 ? byte : byte - 128 + 128 * number());
    while (at < bytes.length) {
        const tag = number(), size = [() => 0 * number(), () => 8, number, , , () => 4][tag % 8]();
        yield [tag >> 3, bytes.subarray(at, at += size)];
    }
}
function metadata(file) { // field 14 of ModelProto: pairs of a key (1) and a value (2)
    const pairs = [...parts(file)].filter(([field]) => field === 14);
    return Object.fromEntries(pairs.map(([, pair]) => [...parts(pair)].map(([, text]) => `${text}`)));
}
