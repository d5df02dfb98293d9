def top_p(probs, p):
    order = sorted(range(len(probs)), key=lambda i: -probs[i])
    kept, mass = set(), 0.0
    for i in order:
        kept.add(i)  # the token that crosses the line is kept too
        mass += probs[i]
        if mass >= p:
            break
    return [q / mass if i in kept else 0.0 for i, q in enumerate(probs)]
