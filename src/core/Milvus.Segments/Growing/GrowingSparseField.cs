using Milvus.Model;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>One sparse vector field of a growing segment. Null rows are kept as empty ones, which match nothing.</summary>
internal sealed class GrowingSparseField : GrowingField
{
    private readonly Bm25StatisticsBuilder? _statistics;

    /// <param name="schema">The field.</param>
    /// <param name="statistics">Counts the rows in when the field is the output of a BM25 function.</param>
    public GrowingSparseField(FieldSchema schema, Bm25StatisticsBuilder? statistics)
        : base(schema.Id)
    {
        _statistics = statistics;
        Index = new ChunkedSparseIndex(Store);
    }

    /// <summary>May hold rows that are not published yet.</summary>
    public SparseRowStore Store { get; } = new();

    /// <summary>Searches the rows, by inverted indexes over whole chunks of them.</summary>
    public ChunkedSparseIndex Index { get; }

    public GrowingValidity Validity { get; } = new();

    public Bm25StatisticsBuilder? Statistics => _statistics;

    public override long MemoryBytes => Store.MemoryBytes + Index.MemoryBytes + Validity.MemoryBytes;

    public override void Append(Column rows)
    {
        if (rows is not BinaryColumn { Type: DataType.SparseFloatVector } vectors)
            throw new ArgumentException($"a column of {rows.Type} does not fit a sparse vector field", nameof(rows));
        for (var i = 0; i < vectors.Count; i++)
        {
            Store.Append(vectors[i]);
            _statistics?.Add(vectors[i]);
        }
        Validity.Append(vectors.Validity, 0, vectors.Count);
    }

    public override Column Block(int block, int rowCount) => RowGather.Sparse(Store, Validity.Words, RowGather.RowsOf(block, rowCount));

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows, int rowCount) => RowGather.Sparse(Store, Validity.Words, rows);
}
