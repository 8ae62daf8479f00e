using System.Runtime.InteropServices;
using Milvus.Expressions.Indexes.Keys;

namespace Milvus.Expressions.Indexes;

/// <summary>Pairs of key and row while an index is built: numbers or texts, never both.</summary>
internal sealed class KeyCollector
{
    private readonly List<long> _numbers = [];
    private readonly List<ReadOnlyMemory<byte>> _texts = [];
    private readonly List<int> _rows = [];
    private bool _isNumeric;

    /// <summary>The keys are numbers, even if there is none.</summary>
    public void UseNumbers() => _isNumeric = true;

    public void Add(long key, int row)
    {
        _isNumeric = true;
        _numbers.Add(key);
        _rows.Add(row);
    }

    /// <param name="key">Kept, not copied.</param>
    public void Add(ReadOnlyMemory<byte> key, int row)
    {
        _texts.Add(key);
        _rows.Add(row);
    }

    /// <summary>The place to which <see cref="Reset"/> goes back.</summary>
    public int Mark() => _rows.Count;

    /// <summary>Forgets what came after a mark.</summary>
    public void Reset(int mark)
    {
        if (_rows.Count == mark) return;
        CollectionsMarshal.SetCount(_rows, mark);
        if (_isNumeric) CollectionsMarshal.SetCount(_numbers, mark);
        else CollectionsMarshal.SetCount(_texts, mark);
    }

    /// <summary>The number of distinct keys, or some number above the limit.</summary>
    public int CountDistinct(int limit)
    {
        var numbers = new HashSet<long>();
        foreach (var key in _numbers)
            if (numbers.Add(key) && numbers.Count > limit) return numbers.Count;
        var texts = new HashSet<byte[]>(TextComparer.Instance);
        var lookup = texts.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (var key in _texts)
            if (lookup.Add(key.Span) && texts.Count > limit) return texts.Count;
        return numbers.Count + texts.Count;
    }

    public KeyedIndex BuildKeyed(ScalarIndexSpec spec, int rowCount, ulong[]? known, bool ofElements, bool isRounded)
    {
        var rows = _rows.ToArray();
        var repeat = spec.Kind == ScalarIndexKind.Sorted && !ofElements;
        if (_isNumeric)
        {
            var numbers = _numbers.ToArray();
            Array.Sort(numbers, rows);
            SortRuns(rows, (a, b) => numbers[a] == numbers[b]);
            if (repeat) return new KeyedIndex(spec, rowCount, known, new LongKeys(numbers), null, new Postings(numbers.Length, rowCount, null, null, rows, []), ofElements, isRounded);
            var (starts, kept, firsts) = Group(rows, (a, b) => numbers[a] == numbers[b]);
            return new KeyedIndex(spec, rowCount, known, new LongKeys([.. firsts.Select(i => numbers[i])]), null, Postings(spec, rowCount, starts, kept), ofElements, isRounded);
        }
        var (texts, order) = SortTexts(rows);
        if (repeat) return new KeyedIndex(spec, rowCount, known, null, TextKeys.Build(texts), new Postings(texts.Length, rowCount, null, null, order, []), ofElements, isRounded);
        var (textStarts, textRows, places) = Group(order, (a, b) => texts[a].Span.SequenceEqual(texts[b].Span));
        return new KeyedIndex(spec, rowCount, known, null, TextKeys.Build([.. places.Select(i => texts[i])]), Postings(spec, rowCount, textStarts, textRows), ofElements, isRounded);
    }

    public DocumentIndex BuildDocument(ScalarIndexSpec spec, int rowCount, bool isRounded)
    {
        var (texts, order) = SortTexts(_rows.ToArray());
        var (starts, rows, places) = Group(order, (a, b) => texts[a].Span.SequenceEqual(texts[b].Span));
        return new DocumentIndex(spec, rowCount, TextKeys.Build([.. places.Select(i => texts[i])]), new Postings(places.Count, rowCount, starts, null, rows, []), isRounded);
    }

    private static Postings Postings(ScalarIndexSpec spec, int rowCount, int[] starts, int[] rows) =>
        spec.Kind == ScalarIndexKind.Bitmap ? Keys.Postings.WithBitmaps(rowCount, starts, rows) : new Postings(starts.Length - 1, rowCount, starts, null, rows, []);

    private (ReadOnlyMemory<byte>[] Texts, int[] Rows) SortTexts(int[] rows)
    {
        var texts = _texts.ToArray();
        Array.Sort(texts, rows, TextOrder.Instance);
        SortRuns(rows, (a, b) => texts[a].Span.SequenceEqual(texts[b].Span));
        return (texts, rows);
    }

    /// <summary>The sort is not stable: the rows of one key are put in order afterwards.</summary>
    private static void SortRuns(int[] rows, Func<int, int, bool> equal)
    {
        for (var start = 0; start < rows.Length;)
        {
            var end = start + 1;
            while (end < rows.Length && equal(start, end)) end++;
            if (end - start > 1) rows.AsSpan(start, end - start).Sort();
            start = end;
        }
    }

    /// <summary>Places of the first of equal keys, where their rows start, and the rows without repetitions.</summary>
    private static (int[] Starts, int[] Rows, List<int> Firsts) Group(int[] rows, Func<int, int, bool> equal)
    {
        var starts = new List<int>();
        var firsts = new List<int>();
        var kept = new int[rows.Length];
        var count = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var isNew = i == 0 || !equal(i - 1, i);
            if (isNew)
            {
                starts.Add(count);
                firsts.Add(i);
            }
            else if (rows[i] == rows[i - 1]) continue;
            kept[count++] = rows[i];
        }
        starts.Add(count);
        return ([.. starts], kept[..count], firsts);
    }

    private sealed class TextOrder : IComparer<ReadOnlyMemory<byte>>
    {
        public static readonly TextOrder Instance = new();

        public int Compare(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceCompareTo(y.Span);
    }
}
