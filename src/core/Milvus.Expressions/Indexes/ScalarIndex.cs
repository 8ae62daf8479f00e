using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// An index over one column, or over one path of a JSON column, of a sealed segment. It answers tests for all rows at once. Immutable; any
/// number of threads may use it. Made by <see cref="ScalarIndexBuilder"/>, stored by <see cref="ScalarIndexFile"/>.
/// </summary>
public abstract class ScalarIndex
{
    private protected ScalarIndex(ScalarIndexSpec spec, int rowCount, ulong[]? known)
    {
        Spec = spec;
        RowCount = rowCount;
        Known = known;
    }

    public ScalarIndexSpec Spec { get; }

    public int RowCount { get; }

    public abstract long MemoryBytes { get; }

    /// <summary>Rows for which tests give true or false, one bit each; for other rows they are unknown. Null when it is all of them.</summary>
    internal ulong[]? Known { get; }

    /// <summary>How the index would answer a test, or null when it cannot.</summary>
    internal abstract IndexProbe? Plan(Leaf leaf);

    /// <summary>The arrays that make up the index.</summary>
    internal abstract IReadOnlyList<ReadOnlyMemory<byte>> Sections();
}

/// <summary>One test, ready to be answered by an index.</summary>
internal abstract class IndexProbe(ScalarIndex index)
{
    public ScalarIndex Index => index;

    /// <summary>The rows marked are those for which the test is true; otherwise they include them, and each is to be tested.</summary>
    public required bool IsExact { get; init; }

    /// <summary>Most rows that will be marked.</summary>
    public required long Rows { get; init; }

    /// <summary>Rough nanoseconds that <see cref="Mark"/> takes.</summary>
    public required long Cost { get; init; }

    /// <summary>The rows for which the answer is known, null when it is all of them. Not to be written to.</summary>
    public virtual ulong[]? Known => index.Known;

    /// <summary>Sets bits of rows.</summary>
    /// <param name="rows">One bit per row of the index, all zero.</param>
    public abstract void Mark(Span<ulong> rows);

    /// <summary>Clears the bits of rows that something else does not mark.</summary>
    /// <param name="mark">As <see cref="Mark"/>.</param>
    protected static void Narrow(Span<ulong> rows, SpanAction mark)
    {
        var other = System.Buffers.ArrayPool<ulong>.Shared.Rent(rows.Length);
        var marked = other.AsSpan(0, rows.Length);
        marked.Clear();
        mark(marked);
        for (var w = 0; w < rows.Length; w++) rows[w] &= marked[w];
        System.Buffers.ArrayPool<ulong>.Shared.Return(other);
    }

    protected delegate void SpanAction(Span<ulong> rows);
}
