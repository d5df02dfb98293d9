"""The files of a topic's folder: the exact fields of each, and how they become rows of the graph.

A topic is the folder `curriculum/<stage>/<topic>/`; the path gives its id and stage (snake_case on disk, kebab-case
as ids). A field that is not named here is refused. Texts are tables `{ zh = "...", en = "..." }`.

topic.toml     format = 1 · status = "lesson" (labs pending) or "labs" (lesson pending), absent when all stands
               title, question, goal, outside: texts · teaches: list of texts
               prerequisites: topic ids · minutes · library: modules · cards: how many · covers: coverage ids
               [[exercise]] id, kind (function, class, program, numeric, choice, order, proof), asks, misconceptions
               [[lab]] id, asks, data, result, minutes
               [[source]] title, authors, year, one of doi, arxiv, address · read_for: text
lesson.zh.md, lesson.en.md    see lesson.py
cards.toml     format = 1 · [[card]] id, kind (recall, what-if, find-error, code), section (a lesson's anchor),
               front, back: texts in Markdown · [[card.other]] another wording: front, and back where it differs
pitfalls.toml  format = 1 · [[pitfall]] id, message (the error as Python prints it, or a part of it), program (raises
               it), section, cause, repair: texts
passes.toml    format = 1 · [[pass]] id (question, picture, mathematics, code, data, cost, history, application),
               task: text · [explain] prompt: text, [[explain.idea]] id, name: text, words: { zh = [...], en = [...] },
               [[explain.error]] id, name: text, words, section
dated.toml     where some hold for a time only: format = 1 · [[dated]] id, section, says: text (the words of the lesson
               in that section), review (the day by which an author looks at them again, "2027-05-01")
checks.py      functions of no arguments named by checked formulas; each asserts what the formula says
labs/NAME.py, labs/NAME.toml    see form.py (its signature) and lab.py (its texts)
recorded/NAME.json    see study/author/recorded.py; recorded/lab_NAME.json, of a lab: see lab.py
exercises/<name>/     task.zh.md, task.en.md, grade.py, mistakes.toml, and mistakes.py where there are many; for an
                answer in code also starter.py and solution.py, which a learner may read once it is open
"""
