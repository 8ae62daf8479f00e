using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Json;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// NGRAM: every run of min_gram … max_gram characters with the rows it occurs in. Answers equality and patterns with a literal of at least
/// min_gram characters: rows that have all of the literal's grams are candidates, which are then tested.
/// </summary>
internal sealed class NgramIndex(ScalarIndexSpec spec, int rowCount, ulong[]? known, TextKeys grams, Postings postings) : ScalarIndex(spec, rowCount, known)
{
    public TextKeys Grams => grams;

    public override long MemoryBytes => grams.MemoryBytes + postings.MemoryBytes + (Known?.LongLength ?? 0) * sizeof(ulong);

    internal override IndexProbe? Plan(Leaf leaf)
    {
        IReadOnlyList<byte[]>? literals = leaf switch
        {
            TextTestLeaf t when t.Column.IsPlain => t.Matcher.Literals,
            TextIntervalLeaf { Interval: { IsEquality: true, Low: { } whole } } t when t.Column.IsPlain => [whole],
            JsonLeaf { Condition: JsonTextMatchTest t } => t.Text.Literals,
            _ => null,
        };
        if (literals is null) return null;
        var keys = new HashSet<int>();
        var usable = false;
        foreach (var literal in literals)
        {
            if (!TryGrams(literal, keys, out var missing)) continue;
            usable = true;
            if (missing) return new Probe(this, []) { IsExact = true, Rows = 0, Cost = 500 };
        }
        if (!usable) return null;
        // The rarest few narrow enough; each further one costs a pass over its rows.
        int[] chosen = [.. keys.OrderBy(k => postings.Count(k, k + 1)).Take(4)];
        return new Probe(this, chosen)
        {
            IsExact = false,
            Rows = chosen.Min(k => postings.Count(k, k + 1)),
            Cost = 1000 + chosen.Sum(k => postings.Cost(k, k + 1)) + chosen.Length * (long)Model.Validity.WordCount(RowCount),
        };
    }

    internal override IReadOnlyList<ReadOnlyMemory<byte>> Sections() => [default, grams.Groups, grams.Data, .. postings.Sections];

    /// <summary>Adds the keys of the literal's grams; false when it is too short to have one.</summary>
    /// <param name="missing">A gram occurs nowhere, so nothing matches.</param>
    private bool TryGrams(byte[] literal, HashSet<int> keys, out bool missing)
    {
        missing = false;
        var places = NgramSplitter.CharacterStarts(literal);
        var characters = places.Count - 1;
        if (characters < Spec.MinGram) return false;
        var length = Math.Min(characters, Spec.MaxGram);
        for (var i = 0; i + length <= characters; i++)
        {
            var gram = literal.AsSpan(places[i]..places[i + length]);
            var at = grams.Bound(gram);
            if (at >= grams.Count || at == grams.Bound(gram, after: true))
            {
                missing = true;
                return true;
            }
            keys.Add(at);
        }
        return true;
    }

    private sealed class Probe(NgramIndex index, int[] keys) : IndexProbe(index)
    {
        private readonly Postings _postings = index.Postings;

        public override void Mark(Span<ulong> rows)
        {
            if (keys.Length == 0) return;
            _postings.Mark(keys[0], keys[0] + 1, rows);
            foreach (var key in keys.AsSpan(1)) Narrow(rows, other => _postings.Mark(key, key + 1, other));
        }
    }

    private Postings Postings => postings;
}

/// <summary>Cuts UTF-8 into characters.</summary>
internal static class NgramSplitter
{
    /// <summary>Where each character starts, and the end. A byte that starts no valid sequence counts as one.</summary>
    public static List<int> CharacterStarts(ReadOnlySpan<byte> text)
    {
        var starts = new List<int>(text.Length + 1);
        for (var at = 0; at < text.Length; at = Utf8Text.Next(text, at)) starts.Add(at);
        starts.Add(text.Length);
        return starts;
    }
}
