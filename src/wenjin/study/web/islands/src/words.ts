// What the islands say, in both languages. The verdict's words are those of the server's own pages.

import { language } from "./api";

const WORDS = {
  pass: ["通过", "Passed"],
  wrong: ["不对", "Not right"],
  error: ["没能运行", "It did not run"],
  timeout: ["超时", "Out of time"],
  memory: ["内存超限", "Out of memory"],
  blocked: ["被沙箱拦下", "Stopped by the sandbox"],
  section: ["课文里讲这件事的一节", "The section of the lesson about this"],
  more: ["完整的报错", "The whole error"],
  output: ["你的程序打印的内容", "What your program printed"],
  nothing: ["程序没有打印任何内容。", "The program printed nothing."],
  unconfined: ["仍然运行这一次", "Run it this once"],
  ran: ["运行结果", "Result of the run"],
  judging: ["正在判题……", "Judging…"],
  running: ["正在运行……", "Running…"],
  unreachable: [
    "连不上课程服务。你的文字已留在这个浏览器里；请确认 `wenjin start` 还在运行，再试一次。",
    "The course cannot be reached. Your text is kept in this browser; make sure that `wenjin start` is running, then try again.",
  ],
  editor: ["Python 编辑器。按 Esc 再按 Tab 离开。", "Python editor. Press Esc, then Tab to leave it."],
  saved: ["草稿已保存", "Draft saved"],
  saving: ["正在保存……", "Saving…"],
  unsaved: ["还没保存到课程，已留在这个浏览器里：", "Not saved to the course yet, kept in this browser: "],
  lost: ["还没保存，浏览器也没能留下它：先别关这一页。", "Not saved, and the browser could not keep it either: do not close this page."],
  gone: ["连不上课程服务，每 2 秒重试。", "the course cannot be reached; trying again every 2 seconds."],
  changed: ["已换成别处保存的更新版本", "Replaced by the newer version that was saved elsewhere"],
  restored: ["找回了上次没来得及保存的文字", "Text that was not yet saved last time is back"],
  "conflict-title": ["这道题的草稿在别处也改过了", "The draft of this exercise was changed elsewhere too"],
  "conflict-server": [
    "另一个窗口（或编辑器）保存过另一份。两份都还在，请选一份；选之前不会覆盖任何一份。",
    "Another window (or editor) saved a different text. Both are still here; choose one. Nothing is overwritten until you do.",
  ],
  "conflict-browser": [
    "这个浏览器里还留着一份没保存过的文字。请选一份。",
    "This browser still keeps a text that was never saved. Choose one of the two.",
  ],
  "note-saved": ["笔记已保存", "Note saved"],
  "note-links": ["可以链接到的主题和笔记", "Topics and notes to link to"],
  "note-conflict": ["这条笔记在别处也改过了", "This note was changed elsewhere too"],
  "too-long": [
    "太长了，没有保存：一条笔记最多 1 MB。请写短一些，或者存成文件。",
    "Too long, not saved: a note may have 1 MB at most. Make it shorter, or keep it in a file.",
  ],
  mine: ["用这个窗口里的", "Keep what is in this window"],
  theirs: ["用另一份", "Take the other one"],
  difference: ["看差别：− 是另一份，+ 是这个窗口里的", "See the difference: − the other one, + this window"],
  "attempt-difference": ["与现在的差别：− 是那次，+ 是现在", "Difference to now: − then, + now"],
  same: ["与现在编辑器里的一样。", "The same as in the editor now."],
  restore: ["恢复到这次", "Restore this one"],
  "no-attempts": ["还没有提交过。", "Nothing submitted yet."],
  up: ["上移", "Move up"],
  down: ["下移", "Move down"],
  submitted: ["提交了", "submitted"],
  page: ["页面", "page"],
  watch: ["watch", "watch"],
  check: ["check", "check"],
  notebook: ["笔记本", "notebook"],
  paper: ["卷子", "paper"],
  api: ["接口", "API"],
  copied: ["已复制", "Copied"],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof WORDS;

export function say(word: Word): string {
  return WORDS[word][language === "zh" ? 0 : 1];
}

// A word that the server names: a verdict or a source. What is not known is shown as it came.
export function sayKnown(word: string): string {
  return word in WORDS ? say(word as Word) : word;
}
