// The Python editor: CodeMirror over the page's own colors. Highlighted words carry the short classes that the
// server's listings carry (k, s1, c1, …), so one set of rules colors both.

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { language, meta } from "./api";
import { say } from "./words";

const shown = Annotation.define<boolean>(); // marks a text that was put in, not typed

const colors = tagHighlighter([
  { tag: tags.comment, class: "c1" },
  { tag: [tags.string, tags.special(tags.string)], class: "s1" },
  { tag: tags.docString, class: "sd" },
  { tag: [tags.number], class: "mi" },
  { tag: [tags.bool, tags.null, tags.self], class: "kc" },
  { tag: [tags.keyword, tags.definitionKeyword, tags.controlKeyword, tags.moduleKeyword], class: "k" },
  { tag: tags.operatorKeyword, class: "ow" },
  { tag: tags.operator, class: "o" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.function(tags.definition(tags.propertyName))], class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: [tags.className, tags.typeName], class: "nc" },
  { tag: tags.meta, class: "nd" },
]);

// Left to itself, the browser types over a selection by giving the new text the old one's look as an inline style,
// which the CSP refuses, with a report each time. So the text is put in here.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || !text || empty || view.composing) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, text, insert));
    if (!taken) view.dispatch(insert());
    return true;
  },
});

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--sheet)", fontSize: "var(--size-s)", maxHeight: "76vh" },
  "&.cm-focused": { outline: "2px solid var(--indigo)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto", minHeight: "20em" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.6em 0" },
  ".cm-gutters": { color: "var(--ink-3)", backgroundColor: "var(--sheet)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.9em 0 0.7em", minWidth: "3em" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--wash) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--mark)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--indigo-wash)" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--warn-wash)" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--wash)", borderColor: "var(--rule)" },
  ".cm-textfield": { color: "var(--ink)", backgroundColor: "var(--sheet)", border: "1px solid var(--rule-strong)" },
  ".cm-button": { color: "var(--ink)", backgroundImage: "none", backgroundColor: "var(--sheet)", border: "1px solid var(--rule-strong)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--sheet)", border: "1px solid var(--rule-strong)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--on-accent)", backgroundColor: "var(--accent)" },
});

const PHRASES: Record<string, string> = {
  Find: "查找",
  Replace: "替换",
  next: "下一个",
  previous: "上一个",
  all: "全部",
  "match case": "区分大小写",
  regexp: "正则",
  "by word": "整词",
  replace: "替换",
  "replace all": "全部替换",
  close: "关闭",
  "Go to line": "转到行",
  go: "转到",
  Completions: "补全",
};

export class CodeEditor {
  readonly view: EditorView;

  // Stands in for the textarea, which stays in the form, hidden, for whatever reads the form.
  constructor(area: HTMLTextAreaElement, changed: (text: string) => void) {
    const nonce = meta("csp-nonce");
    this.view = new EditorView({
      state: EditorState.create({
        doc: area.value,
        extensions: [
          lineNumbers(),
          highlightActiveLineGutter(),
          highlightSpecialChars(),
          history(),
          drawSelection({ cursorBlinkRate: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1200 }),
          rectangularSelection(),
          crosshairCursor(),
          EditorState.allowMultipleSelections.of(true),
          indentOnInput(),
          indentUnit.of("    "),
          EditorState.tabSize.of(4),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ activateOnTyping: false }),
          highlightActiveLine(),
          highlightSelectionMatches(),
          python(),
          syntaxHighlighting(colors),
          look,
          typeOver,
          nonce ? EditorView.cspNonce.of(nonce) : [],
          EditorState.phrases.of(language === "zh" ? PHRASES : {}),
          EditorView.contentAttributes.of({ "aria-label": say("editor"), spellcheck: "false", translate: "no", tabindex: "0" }),
          // Esc lets the next Tab leave the editor (CodeMirror's own rule), so the keyboard is not trapped.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            area.value = update.state.doc.toString();
            if (!update.transactions.some((transaction) => transaction.annotation(shown))) changed(area.value);
          }),
        ],
      }),
    });
    this.view.dom.classList.add("code");
    area.hidden = true;
    area.after(this.view.dom);
    for (const label of area.labels) label.addEventListener("click", () => this.view.focus());
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  // Put a text in, with the caret where it was as far as that exists; undo brings the former text back.
  put(text: string, typed = false): void {
    const { head } = this.view.state.selection.main;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: { anchor: Math.min(head, text.length) },
      annotations: typed ? [] : shown.of(true),
    });
  }

  focus(): void {
    this.view.focus();
  }
}
