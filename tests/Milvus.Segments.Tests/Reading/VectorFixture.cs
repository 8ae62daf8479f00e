using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.TestKit.Objects;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Reading;

/// <summary>
/// Random rows with one vector field and the exact answers over them, computed in double precision row by row. The same rows as a growing
/// segment, a sealed one and one with an index.
/// </summary>
internal sealed class VectorFixture
{
    public const long Key = 100;
    public const long Group = 101;
    public const long Vector = 102;

    private readonly Random _random;
    private readonly List<Row> _rows = [];

    public sealed record Row(long Key, long? Group, byte[]? Vector, Timestamp InsertedAt)
    {
        public Timestamp DeletedAt { get; set; } = Timestamp.Max;
    }

    public VectorFixture(DataType type, int dimension, int seed, bool isBm25 = false)
    {
        _random = new Random(seed);
        Type = type;
        Dimension = dimension;
        Schema = new CollectionSchema(
            [
                new FieldSchema { Id = Key, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
                new FieldSchema { Id = Group, Name = "group", Type = DataType.Int64, Nullable = true },
                new FieldSchema { Id = Vector, Name = "vector", Type = type, Nullable = true, TypeParams = [new Property("dim", dimension.ToString(System.Globalization.CultureInfo.InvariantCulture))] },
            ],
            isBm25 ? [new FunctionSchema { Name = "bm25", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["vector"] }] : []);
        Growing = new GrowingSegment(1, 2, Schema);
    }

    public DataType Type { get; }

    public int Dimension { get; }

    public CollectionSchema Schema { get; }

    public GrowingSegment Growing { get; }

    public InMemoryObjectStore Store { get; } = new();

    public IReadOnlyList<Row> Rows => _rows;

    public Timestamp Now { get; private set; } = new(100);

    public Random Random => _random;

    /// <summary>Inserts rows in batches and deletes some of them again; nulls one row in ten.</summary>
    public VectorFixture Fill(int rows, double deletedShare = 0.1, bool nulls = true)
    {
        while (_rows.Count < rows)
        {
            Now = new Timestamp(Now.Value + 1);
            var batch = Enumerable.Range(0, Math.Min(rows - _rows.Count, _random.Next(1, 400))).Select(i => new Row(
                _rows.Count + i,
                _random.Next(12) == 0 ? null : _random.Next(40),
                nulls && _random.Next(10) == 0 ? null : RandomVector(),
                Now)).ToList();
            Growing.Append(Batch(batch), Now);
            _rows.AddRange(batch);
            Now = new Timestamp(Now.Value + 1);
            var doomed = _rows.Where(r => r.DeletedAt == Timestamp.Max && _random.NextDouble() < deletedShare / 4).ToList();
            Growing.Delete(PrimaryKeys.Of([.. doomed.Select(r => r.Key)]), Now);
            foreach (var row in doomed) row.DeletedAt = Now;
        }
        return this;
    }

    /// <summary>The rows sealed, with every delete kept as a tombstone.</summary>
    public async Task<SealedSegment> SealAsync()
    {
        var manifest = await SegmentWriter.SealAsync(Growing, new SegmentPlace(5, 1, 2, 0), Timestamp.Zero, Store);
        var segment = await SealedSegment.LoadAsync(manifest, Schema, Store);
        segment.Delete(Growing.DeletesSince(Timestamp.Zero));
        return segment;
    }

    public byte[] RandomVector() => Type switch
    {
        DataType.FloatVector => MemoryMarshal.AsBytes<float>([.. Components()]).ToArray(),
        DataType.Float16Vector => MemoryMarshal.AsBytes<Half>([.. Components().Select(c => (Half)c)]).ToArray(),
        DataType.BFloat16Vector => [.. Components().SelectMany(c => BitConverter.GetBytes(BitConverter.SingleToUInt32Bits(c))[2..])],
        DataType.Int8Vector => [.. Components().Select(c => (byte)(sbyte)(c * 100))],
        DataType.BinaryVector => Bytes(Dimension / 8),
        DataType.SparseFloatVector => RandomSparse(),
        _ => throw new ArgumentOutOfRangeException(nameof(Type)),
    };

    /// <summary>The visible rows that pass, best first by (score, row), in double precision.</summary>
    public List<(int Row, double Score)> Exact(byte[] query, MetricType metric, Timestamp at, Func<Row, bool>? passes = null, Bm25Scoring? bm25 = null)
    {
        var scored = new List<(int Row, double Score)>();
        for (var i = 0; i < _rows.Count; i++)
        {
            var row = _rows[i];
            if (row.Vector is null || row.InsertedAt > at || row.DeletedAt <= at || passes?.Invoke(row) == false) continue;
            var score = Distances.Of(Type, metric, query, row.Vector, bm25);
            if (Type != DataType.SparseFloatVector || score > 0) scored.Add((i, score));
        }
        return [.. metric.LargerIsBetter() ? scored.OrderByDescending(s => s.Score).ThenBy(s => s.Row) : scored.OrderBy(s => s.Score).ThenBy(s => s.Row)];
    }

    public SegmentSearchRequest Request(MetricType metric, int k, params byte[][] queries) => new()
    {
        FieldId = Vector,
        Metric = metric,
        Queries = Type == DataType.SparseFloatVector ? default : queries.SelectMany(q => q).ToArray(),
        SparseQueries = Type == DataType.SparseFloatVector ? [.. queries.Select(q => (ReadOnlyMemory<byte>)q)] : [],
        QueryType = Type,
        QueryCount = queries.Length,
        K = k,
        At = ReadPoint.Latest,
    };

    private IEnumerable<float> Components() => Enumerable.Range(0, Dimension).Select(_ => (float)((_random.NextDouble() * 2) - 1)).ToList();

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] RandomSparse()
    {
        var terms = Enumerable.Range(0, _random.Next(12)).Select(_ => (uint)_random.Next(60)).Distinct().Order();
        return SparseRow.Encode([.. terms.Select(t => new SparseElement(t, _random.Next(1, 6)))]);
    }

    private ColumnBatch Batch(List<Row> rows)
    {
        var groups = new FixedColumnBuilder<long>(DataType.Int64);
        var vectors = ColumnBuilder.For(Schema.Find(Vector)!);
        foreach (var row in rows)
        {
            if (row.Group is { } g) groups.Append(g);
            else groups.AppendNull();
            if (row.Vector is null) vectors.AppendNull();
            else if (vectors is BinaryColumnBuilder sparse) sparse.Append(row.Vector);
            else ((VectorColumnBuilder)vectors).Append(row.Vector);
        }
        return new ColumnBatch(rows.Count, [new(Key, PrimaryKeys.Of([.. rows.Select(r => r.Key)]).Column), new(Group, groups.Build()), new(Vector, vectors.Build())]);
    }
}
