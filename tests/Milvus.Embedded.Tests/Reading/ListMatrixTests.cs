using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;
using Milvus.Vectors;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>
/// Lists of vectors of every type, searched by lists with every metric and index type that takes them: plainly, with a filter and in a hybrid search. Scores are those of a comparison in
/// double precision, and at least 95 % of what it finds is found. What there is not for such fields is refused.
/// </summary>
public class ListMatrixTests
{
    private const int Rows = 900;
    private const int Sealed = 850;
    private const int Dimension = 16;
    private const int Capacity = 6;
    private const int FieldsPerCollection = 9;
    private const int Wanted = 10;
    private const double Recall = 0.95;

    /// <param name="Build">Parameters of the index beside type and metric.</param>
    /// <param name="Search">Parameters of searches, as JSON.</param>
    private sealed record Kind(string Index, string Build = "", string Search = "{}");

    private static readonly Kind[] s_graphs =
    [
        new("HNSW", "M=16,efConstruction=100", "{\"ef\":300}"),
        new("HNSW_SQ", "M=16,efConstruction=100,sq_type=SQ8", "{\"ef\":300}"),
        new("HNSW_PQ", "M=16,efConstruction=100,m=8,nbits=8,refine=true,refine_type=FP32", "{\"ef\":300,\"refine_k\":4}"),
        new("HNSW_PRQ", "M=16,efConstruction=100,m=4,nrq=2,nbits=8,refine=true,refine_type=FP32", "{\"ef\":300,\"refine_k\":4}"),
        new("AUTOINDEX"),
    ];

    private static readonly Kind[] s_floats =
    [
        new("IVF_FLAT", "nlist=16", "{\"nprobe\":12}"),
        new("IVF_FLAT_CC", "nlist=16", "{\"nprobe\":12}"),
        new("DISKANN", "max_degree=24", "{\"search_list\":600}"),
        .. s_graphs,
    ];

    private static readonly Kind[] s_bits = [s_graphs[0], s_graphs[^1]];

    private static readonly MetricType[] s_dense = [MetricType.MaxSimCosine, MetricType.MaxSimIP, MetricType.MaxSimL2];

    // With nulls one metric is enough: which rows there are to find does not depend on it.
    [Theory]
    [InlineData(DataType.FloatVector, false)]
    [InlineData(DataType.Float16Vector, false)]
    [InlineData(DataType.BFloat16Vector, false)]
    [InlineData(DataType.Int8Vector, false)]
    [InlineData(DataType.BinaryVector, false)]
    [InlineData(DataType.FloatVector, true)]
    [InlineData(DataType.Int8Vector, true)]
    [InlineData(DataType.BinaryVector, true)]
    public async Task Every_combination_finds_the_lists_that_a_comparison_finds(DataType type, bool hasNulls)
    {
        (Kind Kind, MetricType Metric)[] combinations = type switch
        {
            DataType.BinaryVector => [.. from k in s_bits from m in new[] { MetricType.MaxSimHamming, MetricType.MaxSimJaccard } select (k, m)],
            DataType.Int8Vector => [.. from k in s_graphs from m in s_dense select (k, m)],
            _ => [.. from k in s_floats from m in s_dense select (k, m)],
        };
        if (hasNulls) combinations = [.. combinations.DistinctBy(c => c.Kind)];
        await using var machine = new Machine(7, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = Rows } });
        await machine.StartAsync();
        var data = new Data(type, hasNulls);
        foreach (var part in combinations.Chunk(FieldsPerCollection))
        {
            await FillAsync(machine, data, part);
            for (var i = 0; i < part.Length; i++) await new Case(machine, data, $"s{i}[w]", part[i].Kind, part[i].Metric).CheckAsync();
            await machine.ExecuteAsync(new DropCollection("", "c"));
        }
    }

    private static async Task FillAsync(Machine machine, Data data, (Kind Kind, MetricType Metric)[] fields)
    {
        var element = new FieldSchema { Name = "w", Type = DataType.ArrayOfVector, ElementType = data.Type, TypeParams = [new("dim", $"{data.Dimension}")] };
        var schema = new CollectionSchema(
            [new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true }],
            [],
            [.. fields.Select((_, i) => new StructFieldSchema { Name = $"s{i}", Nullable = data.HasNulls, Fields = [element], TypeParams = [new("max_capacity", $"{Capacity}")] })]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema));
        for (var i = 0; i < fields.Length; i++)
        {
            ImmutableArray<Property> build = [.. fields[i].Kind.Build.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => new Property(p.Split('=')[0], p.Split('=')[1]))];
            await machine.ExecuteAsync(new CreateIndex("", "c", $"s{i}[w]") { Params = [new("index_type", fields[i].Kind.Index), new("metric_type", fields[i].Metric.Name()), .. build] });
        }
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        // The last rows stay in growing segments.
        foreach (var (from, to) in new[] { (0, Sealed), (Sealed, Rows) })
        {
            await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
            {
                Collection = "c",
                RowCount = to - from,
                Columns =
                [
                    new NamedColumn("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(from, to - from).Select(i => (long)i).ToArray())),
                    .. fields.Select((_, i) => new NamedColumn($"s{i}[w]", data.Column.Slice(from, to - from))),
                ],
            });
            if (from == 0) await machine.FlushedAsync("c");
        }
        await machine.IndexedAsync("c");
    }

    /// <summary>Lists of vectors in clusters, and lists of queries near them.</summary>
    private sealed class Data
    {
        private readonly byte[][][] _rows = new byte[Rows][][];

        public Data(DataType type, bool hasNulls)
        {
            Type = type;
            HasNulls = hasNulls;
            Dimension = type == DataType.BinaryVector ? 128 : ListMatrixTests.Dimension;
            var random = new Random(11);
            var centres = MatrixVectors.Centres(random, 60, Dimension);
            byte[][] List(int count) => [.. Enumerable.Range(0, count).Select(_ => MatrixVectors.Encode(type, MatrixVectors.Near(random, centres[random.Next(centres.Length)])))];
            var builder = new ArrayColumnBuilder(ColumnBuilder.For(type, DataType.None, Dimension));
            for (var row = 0; row < Rows; row++)
            {
                _rows[row] = hasNulls && row % 7 == 3 ? [] : List(random.Next(Capacity + 1));
                if (hasNulls && row % 7 == 3)
                {
                    builder.AppendNull();
                    continue;
                }
                foreach (var vector in _rows[row]) ((VectorColumnBuilder)builder.Elements).Append(vector);
                builder.EndRow();
            }
            Column = builder.Build();
            Queries = [.. Enumerable.Range(0, 6).Select(i => List(1 + (i % 3)))];
        }

        public DataType Type { get; }

        public bool HasNulls { get; }

        public int Dimension { get; }

        public Column Column { get; }

        public byte[][][] Queries { get; }

        /// <summary>Null for rows that have no vectors, which are no hits.</summary>
        public double? Score(MetricType metric, int query, int row)
        {
            if (_rows[row].Length == 0) return null;
            double Of(byte[] q, byte[] r) => ReferenceDistance.Score(Type, metric.OfElements(), Dimension, q, r);
            return Queries[query].Sum(q => metric.LargerIsBetter() ? _rows[row].Max(r => Of(q, r)) : _rows[row].Min(r => Of(q, r)));
        }
    }

    /// <summary>One combination.</summary>
    private sealed class Case(Machine machine, Data data, string field, Kind kind, MetricType metric)
    {
        private readonly bool _larger = metric.LargerIsBetter();
        private int _wanted;
        private int _found;

        public override string ToString() => $"{data.Type}{(data.HasNulls ? "?" : "")} {metric} {kind.Index} {kind.Build}";

        public async Task CheckAsync()
        {
            await CheckPlainAsync("", _ => true);
            await CheckPlainAsync("key % 3 == 1", r => r % 3 == 1);
            await CheckHybridAsync();
            await CheckRefusedAsync();
            Assert.True(_found >= _wanted * Recall, $"{this}: {_found} of {_wanted}");
        }

        private async Task CheckPlainAsync(string filter, Func<int, bool> passes)
        {
            var result = await SearchAsync(Request(filter, [0, 1, 2, 3]));
            for (int query = 0, at = 0; query < 4; at += result.TopKs[query++])
            {
                var exact = Exact(query, passes);
                Assert.Equal(Math.Min(Wanted, exact.Count), result.TopKs[query]);
                for (var i = at; i < at + result.TopKs[query]; i++)
                {
                    var row = (int)result.Ids.Int64s[i];
                    Assert.True(passes(row), $"{this}: row {row} fails the filter");
                    var score = data.Score(metric, query, row)!.Value;
                    Assert.True(Math.Abs(score - result.Scores[i]) <= 1e-3 * Math.Max(1, Math.Abs(score)), $"{this}: {result.Scores[i]} instead of {score}");
                    if (i > at) Assert.True(_larger ? result.Scores[i] <= result.Scores[i - 1] : result.Scores[i] >= result.Scores[i - 1], $"{this}: out of order");
                    if (IsAsGood(score, exact[result.TopKs[query] - 1].Score)) _found++;
                }
                _wanted += result.TopKs[query];
            }
        }

        private async Task CheckHybridAsync()
        {
            var result = await machine.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
            {
                Collection = "c",
                Requests = [Request("", [4], ("topk", "50")), Request("", [5], ("topk", "50"))],
                RankParams = ImmutableDictionary<string, string>.Empty.Add("limit", $"{Wanted}").Add("strategy", "rrf"),
                ConsistencyLevel = ConsistencyLevel.Strong,
            });
            var fused = new Dictionary<int, double>();
            foreach (var query in new[] { 4, 5 })
                foreach (var (row, rank) in Exact(query, _ => true).Take(50).Select((e, i) => (e.Row, i + 1))) fused[row] = fused.GetValueOrDefault(row) + (1.0 / (60 + rank));
            var expected = fused.OrderByDescending(f => f.Value).ThenBy(f => f.Key).Take(Wanted).Select(f => (long)f.Key).ToArray();
            Assert.Equal(Wanted, result.Scores.Length);
            _wanted += Wanted;
            _found += expected.Intersect(result.Ids.Int64s.ToArray()).Count();
        }

        private async Task CheckRefusedAsync()
        {
            var merged = kind.Search == "{}" ? "{\"radius\":1}" : $"{kind.Search[..^1]},\"radius\":1}}";
            await RefusedAsync("range search", Request("", [0], ("params", merged)));
            await RefusedAsync("search iterator", Request("", [0], ("iterator", "True"), ("search_iter_v2", "True"), ("search_iter_batch_size", "5")));
            await RefusedAsync("group by", Request("", [0], ("group_by_field", "key")));
        }

        private async Task RefusedAsync(string what, SearchRequest request)
        {
            var refused = await Assert.ThrowsAsync<MilvusException>(() => SearchAsync(request));
            Assert.StartsWith($"{what} is not supported for multi-search-multi on embedding list fields", refused.Message, StringComparison.Ordinal);
        }

        private List<(int Row, double Score)> Exact(int query, Func<int, bool> passes)
        {
            var all = Enumerable.Range(0, Rows).Where(passes).Select(r => (Row: r, Score: data.Score(metric, query, r))).Where(e => e.Score is not null).Select(e => (e.Row, Score: e.Score!.Value));
            return [.. (_larger ? all.OrderByDescending(e => (float)e.Score) : all.OrderBy(e => (float)e.Score)).ThenBy(e => e.Row)];
        }

        private bool IsAsGood(double score, double worst)
        {
            var slack = 1e-4 * Math.Max(1, Math.Abs(worst));
            return _larger ? score >= worst - slack : score <= worst + slack;
        }

        private Task<SearchResult> SearchAsync(SearchRequest request) => machine.Proxy.SearchAsync(RequestContext.Default, request);

        private SearchRequest Request(string filter, int[] queries, params (string Key, string Value)[] parameters) => new()
        {
            Collection = "c",
            Expression = filter,
            Vectors = new QueryVectors(data.Type, [.. queries.Select(q => (ReadOnlyMemory<byte>)data.Queries[q].SelectMany(v => v).ToArray())]) { AreLists = true },
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", field).Add("topk", $"{Wanted}").Add("params", kind.Search).SetItems(parameters.Select(p => new KeyValuePair<string, string>(p.Key, p.Value))),
        };
    }
}
