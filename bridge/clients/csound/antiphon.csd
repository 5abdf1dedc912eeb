; Continues a theme and plays the answer as it comes. Start the bridge first: antiphon serve
;
;   csound antiphon.csd
;   csound --omacro:MODEL=folk --omacro:BARS=4 --omacro:SEED=7 --omacro:THEME=my.txt antiphon.csd
;
; A theme is a text file, a note a line: pitch start duration velocity part, times in beats. REPLY is the port
; that the answer comes to, VERB continue or generate. METRE is such as 6/8; without it a theme is read in 4/4,
; and music from nothing is in the model's usual one. What happens is written line by line.
<CsoundSynthesizer>
<CsOptions>
-odac -d -m0
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 64
nchnls = 2
0dbfs = 1

#ifndef PORT
#define PORT #7374#
#end
#ifndef REPLY
#define REPLY #9109#
#end
#ifndef MODEL
#define MODEL #folk#
#end
#ifndef BARS
#define BARS #4#
#end
#ifndef SEED
#define SEED #7#
#end
#ifndef THEME
#define THEME #theme.txt#
#end
#ifndef VERB
#define VERB #continue#
#end
#ifndef METRE
#define METRE ##
#end
#ifndef CANCEL
#define CANCEL #0#
#end

#ifndef QUIET
#define QUIET #0#
#end

giReply OSCinit $REPLY
giTheme ftgen 0, 0, 0, -23, "$THEME"
giNotes = int(ftlen(giTheme) / 5)
; A context has 1024 messages at most, here of a note each: of a longer theme its last ones.
giSkipped = max(0, giNotes - 1024)
giCount = giNotes - giSkipped
; A new name each time: the bridge still has the theme of the last run.
seed 0
giRun random 0, 1000000
gSid sprintf "csound-%d-%d", $REPLY, giRun
gSmetre = "$METRE"
if strcmp(gSmetre, "") == 0 then
  gSmetre = "4/4"
  if strcmp("$VERB", "generate") == 0 then
    gSmetre = "auto"
  endif
endif
gkHeard init 0
gkGreeted init 0
gkOver init 0
gkFirst init 0

; Talks: hello until it is answered, the theme a note a message, then the request. An OSCsend always sends when it
; is reached first, and each has a port of its own: so every one stands in an if, and the request names the port that
; its answer comes to.
instr 1
  kseq init 0
  khello init 0
  kasked init -1
  kready init -1
  ktime timeinsts

  if gkGreeted == 0 then
    khello = int(ktime / 0.25) + 1
    if khello > 8 && gkOver == 0 then
      printks "fail timeout no bridge answers: start it with antiphon serve\n", 60
      gkOver = 0.1
    endif
    OSCsend khello, "127.0.0.1", $PORT, "/antiphon/hello", "isi", $REPLY, "csound", 1
  elseif kseq < giCount && strcmp("$VERB", "continue") == 0 then
    ; One message a control period: some 700 a second.
    kpitch table (giSkipped + kseq) * 5, giTheme
    kstart table (giSkipped + kseq) * 5 + 1, giTheme
    kdur table (giSkipped + kseq) * 5 + 2, giTheme
    kvel table (giSkipped + kseq) * 5 + 3, giTheme
    kpart table (giSkipped + kseq) * 5 + 4, giTheme
    kseq = kseq + 1
    OSCsend kseq, "127.0.0.1", $PORT, "/antiphon/context", "siiiiffii", gSid, kseq - 1, giCount, 1, kpitch, kstart, kdur, kvel, kpart
  elseif kready < 0 then
    kready = ktime + 0.05
  elseif kasked < 0 && ktime > kready then
    kasked = ktime
    OSCsend 1, "127.0.0.1", $PORT, "/antiphon/$VERB", "ssssssfsisssi", gSid, "mode", "single", "model", "$MODEL", "bars", $BARS, "seed", $SEED, "metre", gSmetre, "reply_port", $REPLY
  elseif kasked >= 0 && gkOver == 0 && ktime > max(kasked, gkHeard) + 5 then
    printks "fail timeout the bridge has fallen silent: is antiphon serve still running?\n", 60
    gkOver = 0.1
  elseif $CANCEL > 0 && kasked >= 0 && ktime - kasked > $CANCEL / 1000 then
    OSCsend 1, "127.0.0.1", $PORT, "/antiphon/cancel", "s", gSid
  endif

  if gkOver > 0 then
    event "e", 0, gkOver
    turnoff
  endif
endin

; Listens: each note is played when its time has come.
instr 2
  Sid strcpy ""
  Sname strcpy ""
  Sversion strcpy ""
  Sverbs strcpy ""
  Scode strcpy ""
  Ssentence strcpy ""
  kprotocol init 0
  kport init 0
  kcount init 0
  kbegan init 0
  ktake init 0
  kindex init 0
  kpitch init 0
  kstart init 0
  kdur init 0
  kvel init 0
  kpart init 0
  ktotal init 0
  kend init 0
  kseed init 0
  knats init 0
  ktexts init 0
  kfraction init 0
  ktime timeinsts

  khello OSClisten giReply, "/antiphon/hello/reply", "ssiis", Sname, Sversion, kprotocol, kport, Sverbs
  if khello == 1 && gkGreeted == 0 then
    if kprotocol == 1 then
      gkGreeted = 1
      printf "hello %s\n", 1, Sverbs
    elseif gkOver == 0 then
      printf "fail protocol the bridge speaks protocol %d, this file 1; bring both to one version\n", 1, kprotocol
      gkOver = 0.1
    endif
  endif

  kprogress OSClisten giReply, "/antiphon/progress", "sf", Sid, kfraction
  if kprogress == 1 then
    gkHeard = ktime
  endif

nextnote:
  knote OSClisten giReply, "/antiphon/note", "siiiffii", Sid, ktake, kindex, kpitch, kstart, kdur, kvel, kpart
  if knote == 1 then
    gkHeard = ktime
    kcount = kcount + 1
    printf "note %d %f %f %d %d\n", kcount, kpitch, kstart, kdur, kvel, kpart
    if kindex == 0 then
      ; Notes come in the order of the model's grid: the next one may start a little before this one.
      gkFirst = kstart - 0.25
      kbegan = ktime
    endif
    ; Two beats a second, as at tempo 120, from when the first one came.
    event "i", 3, (kstart - gkFirst) / 2 - (ktime - kbegan), kdur / 2, kpitch, kvel
    kgoto nextnote
  endif

  kdone OSClisten giReply, "/antiphon/done", "siifif", Sid, ktake, ktotal, kend, kseed, knats
  ; A model of text tells how many messages of text there were, too.
  ktextdone OSClisten giReply, "/antiphon/done", "siififi", Sid, ktake, ktotal, kend, kseed, knats, ktexts
  if kdone + ktextdone > 0 && gkOver == 0 then
    printf "done %d %f %d\n", 1, ktotal, kend, kseed
    gkOver = $QUIET == 1 ? 0.1 : (kend - gkFirst) / 2 + 1
  endif

  kfail OSClisten giReply, "/antiphon/fail", "sss", Sid, Scode, Ssentence
  if kfail == 1 && gkOver == 0 then
    printf "fail %s %s\n", 1, Scode, Ssentence
    gkOver = 0.1
  endif
endin

; A plucked string.
instr 3
  ifreq = cpsmidinn(p4)
  asound pluck p5 / 127 * 0.4, ifreq, ifreq, 0, 1
  asound linen asound, 0.002, p3, 0.05
  outs asound, asound
endin
</CsInstruments>
<CsScore>
i 1 0 3600
i 2 0 3600
</CsScore>
</CsoundSynthesizer>
