using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using Milvus.Segments;
using Milvus.TestKit.Columns;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Proxy.Tests.Wire;

/// <summary>Requests and answers of every shape, from a seed.</summary>
internal sealed class RandomMessages(Random random)
{
    public static readonly CollectionSchema Schema = new(
    [
        Given.Key() with { Id = 100 },
        Given.VarChar("text", nullable: true) with { Id = 101 },
        Given.Field("number", DataType.Int32) with { Id = 102 },
        Given.Vector("dense", 4) with { Id = 103 },
        Given.Vector("sparse", type: DataType.SparseFloatVector) with { Id = 104 },
        new FieldSchema { Id = 105, Name = FieldIds.DynamicName, Type = DataType.Json, IsDynamic = true },
    ], enableDynamicField: true);

    private static readonly string[] s_filters =
        ["", "number > 3", "id in [1, 2, 3] and text like \"a%\"", "random_sample(0.5)", "text == \"日本\" or other[\"x\"] == 2.5", "id in {keys}", "1 == 2"];

    public static FilterPlan Compile(FilterSource source) => Filter.Compile(source, Schema);

    public FilterPlan? MaybeFilter() => Chance(3) ? null : Filter.Compile(
        s_filters[random.Next(s_filters.Length)],
        Schema,
        ImmutableDictionary<string, Literal>.Empty.Add("keys", new Literal.List([new Literal.Int(1), new Literal.Int(random.Next(9))])),
        options: new FilterOptions { SampleSeed = random.Next() });

    public ShardSearch Search()
    {
        var isSparse = Chance(2);
        var count = random.Next(1, 5);
        var rows = isSparse
            ? RandomColumns.Create(random, DataType.SparseFloatVector, DataType.None, 0, count) is BinaryColumn s ? Enumerable.Range(0, count).Select(s.GetMemory) : []
            : RandomColumns.Create(random, DataType.FloatVector, DataType.None, 4, count) is VectorColumn d ? Enumerable.Range(0, count).Select(i => new ReadOnlyMemory<byte>(d[i].ToArray())) : [];
        return new ShardSearch
        {
            Field = Schema.Find(isSparse ? "sparse" : "dense")!,
            Metric = isSparse ? MetricType.BM25 : (MetricType)random.Next(1, 4),
            Queries = new QueryVectors(isSparse ? DataType.SparseFloatVector : DataType.FloatVector, [.. rows]),
            K = random.Next(1, 1000),
            IndexParams = Chance(2) ? ImmutableDictionary<string, string>.Empty : ImmutableDictionary<string, string>.Empty.Add("ef", "64").Add("x\ud800", ""),
            Radius = Maybe(),
            RangeFilter = Maybe(),
            Filter = MaybeFilter(),
            PartitionIds = Ids(),
            IgnoreGrowing = Chance(2),
            ExpireBefore = new Timestamp((ulong)random.NextInt64()),
            GroupBy = Chance(2) ? [] : [new GroupTarget(Schema.Find("text")!), new GroupTarget(Schema.DynamicField!, new JsonProjection(["a", "0"], DataType.Int64, Chance(2)))],
            OnlyGroups = [],
            GroupSize = random.Next(1, 5),
            StrictGroupSize = Chance(2),
            Bm25 = isSparse ? new Bm25Scoring(random.Next(1000), random.NextDouble() * 9, term => term % 17) { K1 = 1.5f, B = 0.25f } : null,
            Exhaustive = Chance(2),
        };
    }

    public ShardHits Hits()
    {
        int[] counts = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(6))];
        var n = counts.Sum();
        return new ShardHits
        {
            Counts = counts,
            Scores = [.. Enumerable.Range(0, n).Select(_ => Chance(9) ? float.NaN : random.NextSingle())],
            Rows = Rows(n),
            Timestamps = Times(n),
            Ids = Keys(n),
            GroupValues = Chance(2) ? [] : [AnyColumn(n, 0.3), AnyColumn(n, 0)],
            Elements = Chance(2) ? [] : [.. Enumerable.Range(0, n).Select(_ => random.Next(9))],
            Examined = random.NextInt64(),
        };
    }

    public ShardQuery Query() => new()
    {
        Filter = MaybeFilter(),
        PartitionIds = Ids(),
        ExpireBefore = new Timestamp((ulong)random.NextInt64()),
        IgnoreGrowing = Chance(2),
        Limit = Chance(2) ? null : random.Next(100),
        Order = Chance(2) ? [] : [new SortKey(Schema.Find("number")!, Chance(2), Chance(2)), new SortKey(Schema.Find("id")!)],
    };

    public ShardAggregation Aggregation() => new()
    {
        Rows = Query(),
        GroupBy = Chance(2) ? [] : [Schema.Find("text")!, Schema.Find("number")!],
        Aggregates = [new Aggregate(AggregateKind.CountRows), new Aggregate((AggregateKind)random.Next(1, 6), Schema.Find("number"))],
    };

    public GroupStates States()
    {
        var n = random.Next(9);
        return new GroupStates(n, [AnyColumn(n, 0.2)], [AnyColumn(n, 0), AnyColumn(n, 0.5)]);
    }

    public ImmutableArray<SegmentExplain> Explains() => [.. Enumerable.Range(0, random.Next(4)).Select(_ => new SegmentExplain
    {
        SegmentId = random.NextInt64(),
        PartitionId = random.NextInt64(),
        IsSealed = random.Next(2) == 0,
        RowCount = random.Next(),
        RowsVisible = random.Next(),
        RowsPassing = random.Next(),
        FilterPlan = "indexes",
        Tests = [.. Enumerable.Range(0, random.Next(3)).Select(i => new TestExplain($"a == {i}", i, "INVERTED", i > 0, random.Next(), random.Next(-1, 9), random.Next()))],
        Blocks = random.Next(9),
        BlocksPruned = random.Next(9),
        BlocksSkipped = random.Next(9),
        RowsPruned = random.Next(),
        SearchPlan = "index",
        SearchReason = "é",
        VectorIndex = "HNSW",
        Hits = random.Next(),
        FilterMs = random.NextDouble(),
        SearchMs = random.NextDouble(),
    })];

    public ShardRows ShardRows()
    {
        var n = random.Next(20);
        return new ShardRows { Rows = Rows(n), Ids = Keys(n), Timestamps = Times(n), OrderValues = Chance(2) ? [] : [AnyColumn(n, 0.2), AnyColumn(n, 0)] };
    }

    public ShardWrite Write() => new()
    {
        Deletes = Chance(2) ? null : Keys(random.Next(9)),
        DeletePartitions = Ids(),
        Inserts = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new PartitionRows(random.NextInt64(), Batch()))],
    };

    public Column AnyColumn(int rows, double nulls)
    {
        var (type, element, dimension) = RandomColumns.Shapes[random.Next(RandomColumns.Shapes.Count)];
        return RandomColumns.Create(random, type, element, dimension, rows, nulls);
    }

    public Bm25QueryStatistics Statistics()
    {
        uint[] terms = [.. Enumerable.Range(0, random.Next(6)).Select(_ => (uint)random.NextInt64(uint.MaxValue)).Distinct().Order()];
        return new Bm25QueryStatistics(random.NextInt64(), random.NextInt64(), terms, [.. terms.Select(_ => random.NextInt64())]);
    }

    public RowReference[] Rows(int n) => [.. Enumerable.Range(0, n).Select(_ => new RowReference(random.Next(), random.Next()))];

    private ColumnBatch Batch()
    {
        var rows = random.Next(8);
        return new ColumnBatch(rows, [.. Enumerable.Range(0, random.Next(4)).Select(i => new FieldColumn(100 + i, AnyColumn(rows, 0.2)))]);
    }

    private PrimaryKeys Keys(int n) =>
        new(RandomColumns.Create(random, Chance(2) ? DataType.Int64 : DataType.VarChar, DataType.None, 0, n));

    private Timestamp[] Times(int n) => [.. Enumerable.Range(0, n).Select(_ => new Timestamp((ulong)random.NextInt64()))];

    private ImmutableArray<long> Ids() => [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.NextInt64())];

    private double? Maybe() => Chance(2) ? null : random.NextDouble();

    private bool Chance(int of) => random.Next(of) == 0;
}
