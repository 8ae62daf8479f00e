using System.Runtime.InteropServices;

namespace Milvus.Expressions.Indexes.Keys;

/// <summary>Character n-grams with the rows they occur in, while an index is built. Rows come in ascending order.</summary>
internal sealed class GramCollector
{
    private readonly int _min;
    private readonly int _max;
    private readonly Dictionary<byte[], List<int>> _rows = new(TextComparer.Instance);

    public GramCollector(int min, int max)
    {
        _min = min;
        _max = max;
    }

    public void Add(ReadOnlySpan<byte> text, int row)
    {
        var lookup = _rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        var places = NgramSplitter.CharacterStarts(text);
        for (var start = 0; start < places.Count - 1; start++)
        {
            for (var length = _min; length <= _max && start + length < places.Count; length++)
            {
                ref var rows = ref CollectionsMarshal.GetValueRefOrAddDefault(lookup, text[places[start]..places[start + length]], out _);
                rows ??= [];
                if (rows.Count == 0 || rows[^1] != row) rows.Add(row);
            }
        }
    }

    public (TextKeys Grams, Postings Rows) Build(int rowCount)
    {
        var sorted = _rows.Keys.ToArray();
        Array.Sort(sorted, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        var starts = new int[sorted.Length + 1];
        var total = new List<int>();
        for (var i = 0; i < sorted.Length; i++)
        {
            total.AddRange(_rows[sorted[i]]);
            starts[i + 1] = total.Count;
        }
        return (TextKeys.Build([.. sorted.Select(s => (ReadOnlyMemory<byte>)s)]), new Postings(sorted.Length, rowCount, starts, null, [.. total], []));
    }
}
