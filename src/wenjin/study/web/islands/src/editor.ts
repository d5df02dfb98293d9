// The exercise page: editor, drafts, verdicts, history.
//
// The page is a plain form that works without scripts; this file takes the form over. The markup that it looks for:
//
//   <meta name="csrf" content="TOKEN">            sent as the header X-CSRF-Token with every POST and PUT
//   <meta name="csp-nonce" content="NONCE">       the nonce that the page's CSP allows in style-src, for the editor
//   <section id="exercise" data-api="/api/exercises/TOPIC/NAME" data-form="function|class|program|numeric|choice|proof|order"
//            data-variant="0" data-lesson="/topics/TOPIC">
//     <form id="answer" method="post" action="…">  without scripts it posts csrf, source (or the fields below) and the
//                                                  pressed button's `do`
//       code forms:
//       <textarea id="source" name="source" data-revision="3">draft, or the starter</textarea>
//       <script type="application/json" id="starter">"the starter as a JSON string"</script>   (escape "<" as \u003c)
//       <textarea id="scratch" name="scratch">     own inputs: code that runs after the answer's; may be inside <details>
//       numeric:   <input name="field.NAME">, for rows and matrices field.NAME.0, field.NAME.1.2
//       choice, proof: <input type="radio" name="step.KEY" value="OPTION">
//       order:     <ol id="items"><li data-key="KEY">text <input type="number" name="place.KEY"></li>…
//                  (scripts hide the inputs and put buttons there that move a line up or down)
//       <button name="do" value="judge">           Ctrl-Enter
//       <button name="do" value="run">             Ctrl-Shift-Enter: run without submitting (code forms)
//       <button name="do" value="reset">           back to the starter; the text before stays in the history of undo
//     </form>
//     <p id="draft-state" role="status"></p>       saved, saving, not saved (and why)
//     <div id="conflict" hidden></div>             two versions of the draft; filled here
//     <section id="verdict" aria-live="polite">    without scripts the server fills it: `verdict` markup below
//     <section id="run" aria-live="polite" hidden>
//     <section id="history">                       filled here when its <details> opens
//   </section>
//   Hints and the solution are htmx forms or plain forms of the page and not touched here.
//
// Verdict markup, made here and by the server alike:
//   <div class="verdict" data-verdict="wrong">
//     <p class="verdict-line"><strong>错了</strong> <span class="verdict-count">3 / 9</span> <span class="verdict-ms">52 ms</span></p>
//     <p class="verdict-text">feedback; `code` becomes <code>; line ends are kept</p>
//     <pre class="verdict-case">the smallest failing case</pre>
//     <p class="verdict-section"><a href="/topics/TOPIC#SECTION">…</a></p>
//     <details class="verdict-more"><summary>…</summary><pre>…</pre></details>
//     <div class="verdict-output"><h3>…</h3><pre>what the answer printed: text, never markup</pre></div>
//   </div>
//
// Endpoints, JSON both ways, under data-api:
//   POST /attempts {answer, variant}    -> the verdict (as `wenjin check --json`), or {error: {zh, en}} with a 4xx status.
//                                          answer: the source, or for other forms the JSON text {"variant", "answer"}
//   POST /runs     {source, scratch}    -> {output, error: {zh, en} | null, ms}
//   GET  /attempts                      -> {attempts: [{id, at, verdict, name, feedback: {zh, en}, answer, source, ms}]},
//                                          newest first
//   GET  /draft                         -> {text, revision}; revision 0 and text null when there is none
//   PUT  /draft    {text, revision}     -> {revision}: saved; revision is the one that this text was based on
//                                          409 {text, revision}: somebody saved another text since; nothing was changed
