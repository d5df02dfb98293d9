// Every page: search by "/", theme and language, relative times, keyboard help.
//
// Each of these only makes a page that works without it quicker to use. The markup it looks for:
//
//   <html lang="zh|en" data-theme="auto|light|dark">
//   <meta name="csrf" content="TOKEN">             sent as the header X-CSRF-Token with every POST, PUT
//   <script type="module" src="{app.js}">          `asset("app.js")` of the manifest
//   <input type="search" id="search" name="q">     in the header form that goes to /search; "/" puts the caret there
//   <form data-setting="theme"  method="post" action="/settings">  with <select name="theme"> (auto, light, dark),
//   <form data-setting="lang"   …>                 <select name="lang">, or buttons of that name with a value, and the
//                                                  hidden inputs csrf and back. A choice of theme is applied at once
//                                                  and sent in the background; a choice of language submits the form
//   <time datetime="2026-01-31T12:00:00Z">         shown as "3 minutes ago", the full time in its title
//   <dialog id="keys">                             keyboard help, opened by "?"; [data-opens="keys"] opens it too
//   <button data-copy="#id">                       copies the text of that element; starts `hidden`
//   [data-needs-script]                            starts `hidden`, is shown once scripts run
//   <div id="map" data-pan>                        the map: drag and wheel move and zoom the <svg> inside it through
//                                                  its viewBox; [data-zoom="in|out|all"] are its buttons
