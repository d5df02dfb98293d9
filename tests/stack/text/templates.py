"""Chat templates in the manner of published ones, each with what its family does that others do not."""

SMOLLM2 = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful assistant<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

QWEN = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\nYou may call one or more functions.\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi and message.role == "user" and message.content is string
          and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or thought) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' }}
            {{- content }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if (loop.first and content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
            {%- if call.function %}{%- set call = call.function %}{%- endif %}
            {{- '<tool_call>\\n{"name": "' ~ call.name ~ '", "arguments": ' }}
            {%- if call.arguments is string %}{{- call.arguments }}{%- else %}{{- call.arguments | tojson }}{%- endif %}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""

LLAMA3 = """{{- bos_token }}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%Y") %}{%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{- "Environment: ipython\\n" }}{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools is not none %}
    {%- if messages | length != 0 %}
        {%- set first = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("Cannot put tools in the first user message when there is none") }}
    {%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first + "<|eot_id|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {{- message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", "parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}" }}
        {{- "<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system = messages[0]["content"] %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{%- set users = rest | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in rest %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in rest %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == users[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}{{- '"' + key + '": "' + val + '"' }}
                    {%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}
                    {%- if not loop.last %}{{- ", " }}{%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system is defined %}{{- "[INST] " + system + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}{{- "[INST] " + message["content"] + "[/INST]" }}{%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {%- generation %}{{- " " + message["content"]|trim + eos_token}}{%- endgeneration %}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + "}[/TOOL_RESULTS]" }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported") }}
    {%- endif %}
{%- endfor %}"""

MACROS = """{%- macro kind(spec) -%}
    {%- if spec.type == 'object' -%}
        {
        {%- for name, inner in spec.properties|dictsort -%}
            {{ name }}: {{ kind(inner) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
        }
    {%- elif spec.type == 'array' -%}list[{{ kind(spec['items']) }}]
    {%- else -%}{{ {'string': 'str', 'integer': 'int', 'number': 'float'}.get(spec.type, 'Any') }}
    {%- endif -%}
{%- endmacro -%}
{%- for tool in tools or [] -%}
def {{ tool.function.name }}({{ kind(tool.function.parameters) }})  # {{ tool.function.description|default('?')|upper }}
{% endfor -%}
{%- for message in messages -%}
    {%- if message.role == 'tool' -%}{%- continue -%}{%- endif -%}
{{ loop.index ~ '. ' ~ message.role|capitalize }}: {{ (message.content or '')|replace('\\n', ' ')|indent(2) }}
{% if message.tool_calls is defined -%}
    {{ message.tool_calls|map(attribute='function')|map(attribute='name')|join(', ') }}
{% endif -%}
{%- if loop.index > 5 -%}{%- break -%}{%- endif -%}
{%- endfor -%}
{{ messages|selectattr('role', 'in', ['user', 'tool'])|list|length }} of {{ messages|length }}
{{- ' %s and %d%%' % ('x', 3) }} {{ '{} {a}'.format(1, a=2) }} {{ [1, 2.5, none, true, {'a': ('b',)}] }}
{%- set parts = [] %}{% for m in messages %}{% set parts = parts + [m.role] %}{% endfor %}{{ parts }}
{%- filter upper %} done {% endfilter %}{% set block %}<{{ messages[0].role }}>{% endset %}{{ block }}
{%- macro box(x) %}[{{ caller() }}{{ x }}]{% endmacro %}{% call box(2) %}in{% endcall %}
{{- undefined_name }}{{ range(3)|list }}"""

ALL = {"smollm2": SMOLLM2, "qwen": QWEN, "llama3": LLAMA3, "mistral": MISTRAL, "macros": MACROS}

HOSTILE = {
    "a text": "{{ 'a' * 10**9 }}",
    "a list": "{{ ([0] * 10**9)|length }}",
    "a power": "{{ 10 ** (10 ** 10) }}",
    "squares": "{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "loops of text": "{% for i in range(99999) %}" + "x" * 9999 + "{% endfor %}",
    "doubling": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "adding": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "blocks": "{% set x = 'ab' %}" + "{% set y %}{{ x }}{{ x }}{% endset %}{% set x = y %}" * 60,
    "a list of itself": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}",
    "namespaces": "{% set n = namespace(x=1) %}{% for i in range(60) %}"
    "{% set n = namespace(x=[n, n]) %}{{ n }}{% endfor %}",
    "a cycle": "{% set n = namespace() %}{% set n.x = n %}{{ [n] }}",
    "a dictionary": "{% set n = namespace(x={}) %}{% for i in range(60) %}"
    "{% set n.x = {'a': n.x, 'b': n.x} %}{% endfor %}",
    "a macro": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "a tree of macros": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "a loop in itself": "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "a tree of loops": "{% for x in [1] recursive %}{% if loop.depth < 60 %}{{ loop([1, 2]) }}{% endif %}{% endfor %}",
    "a wide loop": "{% for x in [1] recursive %}{% if loop.depth < 3 %}{{ loop(range(99999)) }}{% endif %}{% endfor %}",
    "a width": "{{ '%1000000000s' % 'a' }}",
    "a width of a filter": "{{ '%1000000000s'|format('a') }}",
    "a width of a field": "{{ '{:1000000000}'.format(1) }}",
    "a field within": "{{ '{0.__class__}'.format(1) }}",
    "many fields": "{% set s = 'a' * 10**6 %}{{ ('{0}' * 1000).format(s) }}",
    "center": "{{ 'a'|center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "indent": "{{ ('\\n' * 99999)|indent(10**9) }}",
    "indent by text": "{{ ('\\n' * 99999)|indent('a' * 99999) }}",
    "indent of JSON": "{{ [[[1]]]|tojson(indent=10**9) }}",
    "replace": "{{ ('a' * 99999)|replace('a', 'a' * 99999) }}",
    "replace nothing": "{{ ('a' * 99999).replace('', 'a' * 99999) }}",
    "join": "{{ range(99999)|join('a' * 99999) }}",
    "join of text": "{{ ('a' * 99999).join(range(99999)|map('string')) }}",
    "strip": "{% set s = 'ab' * 999999 %}{{ s.strip(s) }}{{ s|trim(s) }}",
    "range": "{{ range(10**9) }}",
    "batch": "{{ [1]|batch(10**9, 'x')|list|length }}",
    "slice": "{{ [1]|slice(10**9)|list|length }}",
    "lipsum": "{{ lipsum(10**9) }}",
    "a date": "{{ strftime_now('%999999999d') }}",
    "append": "{{ messages.append(1) }}",
    "a class": "{{ ().__class__.__base__.__subclasses__() }}",
    "a function's globals": "{{ cycler.__init__.__globals__ }}",
    "what a filter holds": "{{ messages|map('our loop', 1)|attr('gi_frame') }}",
    "a private name": "{% set n = namespace() %}{% set n.__class__ = 1 %}",
    "a file": "{% include '/etc/passwd' %}",
    "another template": "{% extends 'x' %}",
    "parentheses": "{{ " + "(" * 50000 + "1" + ")" * 50000 + " }}",
    "lists in lists": "{{ " + "[" * 50000 + "]" * 50000 + " }}",
    "blocks in blocks": "{% if 1 %}" * 5000 + "{% endif %}" * 5000,
    "loops in loops": "{% for i in [1] %}" * 100 + "{% endfor %}" * 100,
    "a number of many digits": "{{ " + "9" * 99999 + " }}",
    "half a template": "{% for",
    "an unknown filter": "{{ messages|pprint }}",
    "an unknown filter by name": "{{ messages|map('center', 10**9)|list }}",
    "too long": "x" * (1 << 18),
    "an undefined call": "{{ nothing() }}",
    "a tuple of itself": "{% set n = namespace(x=(1,)) %}{% for i in range(60) %}{% set n.x = (n.x, n.x) %}{% endfor %}"
    "{{ {n.x: 1} }}",
    "compare": "{% set a = 'a' * 10**7 %}{% set b = 'a' * 10**7 %}"
    "{% for i in range(99999) %}{% if a == b %}{% endif %}{% endfor %}",
    "cut": "{% set a = 'a' * 10**7 %}{% for i in range(99999) %}{% set b = a[1:] %}{% endfor %}",
    "one refusal, long": "{{ raise_exception('no' * 10**6) }}",
}
