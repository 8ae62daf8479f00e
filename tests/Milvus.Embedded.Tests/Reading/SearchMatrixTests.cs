using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;
using Milvus.Vectors;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>
/// Every vector type with every metric and index type, searched plainly, with a filter, in a range, in groups, by an iterator and in a hybrid search: equal to a
/// scan in double precision where the index is exact, at least 95 % of it where it is not. Fields of lists of vectors are in <see cref="ListMatrixTests"/>.
/// </summary>
public class SearchMatrixTests
{
    private const int Rows = 900;
    private const int Dimension = 16;
    private const int FieldsPerCollection = 9;
    private const double Recall = 0.95;

    /// <param name="Build">Parameters of the index beside type and metric.</param>
    /// <param name="Search">Parameters of searches, as JSON.</param>
    private sealed record Kind(string Index, bool IsExact, string Build = "", string Search = "{}");

    private static readonly Kind[] s_graphs =
    [
        new("HNSW", false, "M=16,efConstruction=100", "{\"ef\":300}"),
        new("HNSW_SQ", false, "M=16,efConstruction=100,sq_type=SQ8,refine=true,refine_type=FP32", "{\"ef\":300,\"refine_k\":4}"),
        new("HNSW_SQ", false, "M=16,efConstruction=100,sq_type=SQ4U,refine=true,refine_type=FP16", "{\"ef\":300,\"refine_k\":16}"),
        new("HNSW_PQ", false, "M=16,efConstruction=100,m=8,nbits=8,refine=true,refine_type=FP32", "{\"ef\":300,\"refine_k\":16}"),
        new("HNSW_PRQ", false, "M=16,efConstruction=100,m=4,nrq=2,nbits=8,refine=true,refine_type=FP32", "{\"ef\":300,\"refine_k\":16}"),
        new("AUTOINDEX", false, "", "{\"ef\":300,\"refine_k\":4}"),
    ];

    private static readonly Kind[] s_floats =
    [
        new("FLAT", true),
        new("IVF_FLAT", false, "nlist=16", "{\"nprobe\":16}"),
        new("IVF_SQ8", false, "nlist=16,refine=true,refine_type=FP32", "{\"nprobe\":16,\"refine_k\":8}"),
        new("IVF_PQ", false, "nlist=16,m=8,nbits=8,refine=true,refine_type=FP32", "{\"nprobe\":16,\"refine_k\":32}"),
        new("IVF_RABITQ", false, "nlist=16,refine=true,refine_type=FP32", "{\"nprobe\":16,\"refine_k\":32}"),
        new("IVF_RABITQ_FASTSCAN", false, "nlist=16,refine=true,refine_type=FP32", "{\"nprobe\":16,\"refine_k\":32}"),
        new("SCANN", false, "nlist=16,with_raw_data=true", "{\"nprobe\":16,\"reorder_k\":900}"),
        new("DISKANN", false, "max_degree=24", "{\"search_list\":300,\"beamwidth\":4}"),
        new("AISAQ", false, "", "{\"search_list\":300}"),
        .. s_graphs,
    ];

    // Names that other kinds answer to: one metric is enough.
    private static readonly Kind[] s_others =
    [
        new("HNSW_SQ", false, "M=16,efConstruction=100,sq_type=SQ6,refine=true,refine_type=SQ8", "{\"ef\":300,\"refine_k\":8}"),
        new("HNSW_SQ", false, "M=16,efConstruction=100,sq_type=BF16", "{\"ef\":300}"),
        new("HNSW_SQ", false, "M=16,efConstruction=100,sq_type=FP16", "{\"ef\":300}"),
        new("IVF_SQ8", false, "nlist=16,sq_type=SQ4,refine=true,refine_type=FP32", "{\"nprobe\":16,\"refine_k\":8}"),
        new("IVF_RABITQ", false, "nlist=16,rbq_bits=4,refine=true,refine_type=SQ8", "{\"nprobe\":16,\"refine_k\":8}"),
        new("SVS_FLAT", true),
        new("SVS_VAMANA", false, "svs_graph_max_degree=32,svs_construction_window_size=100", "{\"svs_search_window_size\":300}"),
        new("SVS_VAMANA_LVQ", false, "svs_graph_max_degree=32", "{\"svs_search_window_size\":300}"),
        new("SVS_VAMANA_LEANVEC", false, "svs_graph_max_degree=32", "{\"svs_search_window_size\":300}"),
        new("FAISS", true, "faiss_index_name=Flat"),
        new("GPU_BRUTE_FORCE", true),
        new("GPU_IVF_FLAT", false, "nlist=16", "{\"nprobe\":16}"),
        new("GPU_IVF_PQ", false, "nlist=16,m=8,nbits=8", "{\"nprobe\":16,\"refine_k\":32}"),
        new("GPU_CAGRA", false, "graph_degree=32", "{\"ef\":300,\"itopk_size\":300}"),
    ];

    // Groups that candidates do not fill are filled with rows that share no band.
    private static readonly Kind[] s_signatures =
    [
        new("BIN_FLAT", true),
        new("MINHASH_LSH", false, "mh_element_bit_width=8,mh_lsh_band=16", "{\"mh_search_with_jaccard\":true}"),
    ];

    private static readonly Kind[] s_bits = [new("BIN_FLAT", true), new("BIN_IVF_FLAT", false, "nlist=16", "{\"nprobe\":16}"), new("HNSW", false, "M=16,efConstruction=100", "{\"ef\":300}"), new("AUTOINDEX", false, "", "{\"ef\":300}")];

    private static readonly Kind[] s_sparse =
    [
        .. new[] { "TAAT_NAIVE", "DAAT_WAND", "DAAT_MAXSCORE", "BLOCK_MAX_WAND", "BLOCK_MAX_MAXSCORE", "SINDI" }.Select(a => new Kind("SPARSE_INVERTED_INDEX", true, $"inverted_index_algo={a}")),
        new("SPARSE_WAND", true),
        new("AUTOINDEX", true),
    ];

    private static readonly MetricType[] s_dense = [MetricType.L2, MetricType.IP, MetricType.Cosine];

    // With nulls one metric is enough: which rows there are to find does not depend on it.
    [Theory]
    [InlineData(DataType.FloatVector, false)]
    [InlineData(DataType.Float16Vector, false)]
    [InlineData(DataType.BFloat16Vector, false)]
    [InlineData(DataType.Int8Vector, false)]
    [InlineData(DataType.BinaryVector, false)]
    [InlineData(DataType.SparseFloatVector, false)]
    [InlineData(DataType.FloatVector, true)]
    [InlineData(DataType.Float16Vector, true)]
    [InlineData(DataType.BFloat16Vector, true)]
    [InlineData(DataType.Int8Vector, true)]
    [InlineData(DataType.BinaryVector, true)]
    [InlineData(DataType.SparseFloatVector, true)]
    public async Task Every_combination_finds_what_a_scan_finds(DataType type, bool hasNulls)
    {
        (Kind Kind, MetricType Metric)[] combinations = type switch
        {
            DataType.Int8Vector when hasNulls => [.. s_graphs.Select(k => (k, MetricType.L2))],
            DataType.BinaryVector when hasNulls => [.. s_bits.Select(k => (k, MetricType.Hamming)), .. s_signatures.Select(k => (k, MetricType.MinHashJaccard))],
            DataType.FloatVector or DataType.Float16Vector or DataType.BFloat16Vector when hasNulls => [.. s_floats.Select(k => (k, MetricType.L2))],
            DataType.FloatVector => [.. from k in s_floats from m in s_dense select (k, m), .. s_others.Select(k => (k, MetricType.L2))],
            DataType.Int8Vector => [.. from k in s_graphs from m in s_dense select (k, m)],
            DataType.BinaryVector => [.. from k in s_bits from m in new[] { MetricType.Hamming, MetricType.Jaccard } select (k, m), (s_bits[0], MetricType.Substructure), (s_bits[0], MetricType.Superstructure), .. s_signatures.Select(k => (k, MetricType.MinHashJaccard))],
            DataType.SparseFloatVector => [.. s_sparse.Select(k => (k, MetricType.IP))],
            _ => [.. from k in s_floats from m in s_dense select (k, m)],
        };
        await using var machine = new Machine(7, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 400 } });
        await machine.StartAsync();
        var data = new Data(type, hasNulls);
        foreach (var part in combinations.Chunk(FieldsPerCollection))
        {
            await FillAsync(machine, data, part);
            for (var i = 0; i < part.Length; i++) await new Case(machine, data, $"v{i}", part[i].Kind, part[i].Metric).CheckAsync();
            await machine.ExecuteAsync(new DropCollection("", "c"));
        }
    }

    private static async Task FillAsync(Machine machine, Data data, (Kind Kind, MetricType Metric)[] fields)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "n", Type = DataType.Int64 },
            .. fields.Select((_, i) => new FieldSchema { Name = $"v{i}", Type = data.Type, Nullable = data.HasNulls, TypeParams = data.Type == DataType.SparseFloatVector ? [] : [new Property("dim", $"{data.Dimension}")] }),
        ]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema) { Shards = 2 });
        for (var i = 0; i < fields.Length; i++)
        {
            ImmutableArray<Property> build = [.. fields[i].Kind.Build.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => new Property(p.Split('=')[0], p.Split('=')[1]))];
            await machine.ExecuteAsync(new CreateIndex("", "c", $"v{i}") { Params = [new("index_type", fields[i].Kind.Index), new("metric_type", fields[i].Metric.Name()), .. build] });
        }
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        // The last rows stay in growing segments.
        foreach (var (from, to) in new[] { (0, 800), (800, Rows) })
        {
            await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
            {
                Collection = "c",
                RowCount = to - from,
                Columns =
                [
                    new NamedColumn("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(from, to - from).Select(i => (long)i).ToArray())),
                    new NamedColumn("n", new FixedColumn<long>(DataType.Int64, Enumerable.Range(from, to - from).Select(i => (long)(i % 10)).ToArray())),
                    .. fields.Select((_, i) => new NamedColumn($"v{i}", data.Column.Slice(from, to - from))),
                ],
            });
            if (from == 0) await machine.FlushedAsync("c");
        }
        await machine.IndexedAsync("c");
    }

    /// <summary>Vectors in clusters, and queries near them.</summary>
    private sealed class Data
    {
        public Data(DataType type, bool hasNulls)
        {
            Type = type;
            HasNulls = hasNulls;
            Dimension = type == DataType.BinaryVector ? 128 : SearchMatrixTests.Dimension;
            var random = new Random(11);
            var centres = MatrixVectors.Centres(random, 20, Dimension);
            var builder = ColumnBuilder.For(type, DataType.None, Dimension);
            for (var i = 0; i < Rows; i++)
            {
                var vector = MatrixVectors.Near(random, centres[i % centres.Length]);
                if (hasNulls && i % 7 == 3) builder.AppendNull();
                else Append(builder, vector);
            }
            Column = builder.Build();
            var queries = ColumnBuilder.For(type, DataType.None, Dimension);
            for (var i = 0; i < 8; i++) Append(queries, MatrixVectors.Near(random, centres[i]));
            Queries = queries.Build();
        }

        public DataType Type { get; }

        public bool HasNulls { get; }

        public int Dimension { get; }

        public Column Column { get; }

        public Column Queries { get; }

        public static ReadOnlyMemory<byte> Bytes(Column column, int row) => column is VectorColumn v ? v.Memory.Slice(row * v.RowBytes, v.RowBytes) : ((BinaryColumn)column).GetMemory(row);

        public double Score(MetricType metric, int query, int row) => Type == DataType.SparseFloatVector
            ? SparseRow.Dot(SparseRow.Elements(Bytes(Queries, query).Span), SparseRow.Elements(Bytes(Column, row).Span))
            : metric == MetricType.MinHashJaccard ? ShareOfEqual(Bytes(Queries, query).Span, Bytes(Column, row).Span)
            : ReferenceDistance.Score(Type, metric, Dimension, Bytes(Queries, query).Span, Bytes(Column, row).Span);

        private static double ShareOfEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
        {
            var equal = 0;
            for (var i = 0; i < a.Length; i++) equal += a[i] == b[i] ? 1 : 0;
            return (double)equal / a.Length;
        }

        private void Append(ColumnBuilder builder, double[] vector)
        {
            switch (Type)
            {
                case DataType.SparseFloatVector:
                    // Some of the dimensions, so that not every row shares one with a query.
                    ((BinaryColumnBuilder)builder).Append(SparseRow.Encode([.. vector.Select((x, d) => new SparseElement((uint)d * 7, (float)Math.Max(0, x))).Where(e => e.Value > 20)]));
                    break;
                default:
                    ((VectorColumnBuilder)builder).Append(MatrixVectors.Encode(Type, vector));
                    break;
            }
        }
    }

    /// <summary>One combination.</summary>
    private sealed class Case(Machine machine, Data data, string field, Kind kind, MetricType metric)
    {
        private const int Queries = 4;
        private readonly bool _larger = metric.LargerIsBetter();
        private int _wanted;
        private int _found;

        public async Task CheckAsync()
        {
            await CheckPlainAsync("", _ => true);
            await CheckPlainAsync("key % 3 == 1 and n < 8", r => r % 3 == 1 && r % 10 < 8);
            await CheckRangeAsync();
            await CheckGroupsAsync();
            await CheckPagesAsync();
            await CheckHybridAsync();
            Assert.True(_found >= _wanted * Recall, $"{this}: {_found} of {_wanted}");
            if (kind.IsExact) Assert.Equal(_wanted, _found);
        }

        public override string ToString() => $"{data.Type}{(data.HasNulls ? "?" : "")} {metric} {kind.Index} {kind.Build}";

        private async Task CheckPlainAsync(string filter, Func<int, bool> passes)
        {
            var result = await SearchAsync(filter, Enumerable.Range(0, Queries), ("topk", "10"));
            var (ids, at) = (result.Ids.Int64s.ToArray(), 0);
            for (var q = 0; q < Queries; at += result.TopKs[q++])
            {
                var exact = Exact(q, passes);
                Assert.Equal(Math.Min(10, exact.Count), result.TopKs[q]);
                Compare(q, exact.Take(10), ids.AsSpan(at, result.TopKs[q]), result.Scores.AsSpan(at, result.TopKs[q]), passes);
            }
        }

        private async Task CheckRangeAsync()
        {
            var exact = Exact(0, _ => true);
            if (exact.Count < 40) return;
            var (inner, outer) = (exact[3].Score, exact[39].Score);
            if (inner == outer) return;
            // Bounds travel as text of single precision: between two scores nothing is lost by that.
            var radius = (float)(outer + ((outer - exact[38].Score) / 2));
            var inRange = exact.Where(e => _larger ? e.Score > radius && (float)e.Score <= (float)inner : e.Score < radius && (float)e.Score >= (float)inner).ToList();
            var json = Merge($"\"radius\":{Number(radius)},\"range_filter\":{Number((float)inner)}");
            var result = await SearchAsync("", [0], ("topk", "200"), ("params", json));
            foreach (var score in result.Scores) Assert.True(_larger ? score > radius && score <= (float)inner : score < radius && score >= (float)inner, $"{this}: {score} outside of {inner} … {radius}");
            CompareWithin(inRange, result, tolerance: 2);
        }

        private async Task CheckGroupsAsync()
        {
            var result = await SearchAsync("", [1], ("topk", "5"), ("group_by_field", "n"), ("group_size", "2"), ("strict_group_size", "true"));
            var expected = Exact(1, _ => true).GroupBy(e => e.Row % 10).Take(5).SelectMany(g => g.Take(2)).ToList();
            if (kind.IsExact) Assert.Equal(expected.Select(e => (float)e.Score), result.Scores, (a, b) => Math.Abs(a - b) <= 1e-3 * Math.Max(1, Math.Abs(a)));
            var groups = result.Ids.Int64s.ToArray().Select(id => id % 10).ToArray();
            Assert.True(groups.GroupBy(g => g).All(g => g.Count() <= 2) && groups.Distinct().Count() <= 5, $"{this}: groups {string.Join(' ', groups)}");
            CompareWithin(expected, result, tolerance: expected.Count);
        }

        private async Task CheckPagesAsync()
        {
            const int Page = 25;
            var exact = Exact(2, _ => true);
            var seen = new List<(long Id, float Score)>();
            var parameters = new List<(string, string)> { ("iterator", "True"), ("search_iter_v2", "True"), ("search_iter_batch_size", $"{Page}") };
            for (var page = 0; page < 3; page++)
            {
                var result = await SearchAsync("", [2], [.. parameters]);
                for (var i = 0; i < result.Scores.Length; i++) seen.Add((result.Ids.Int64s[i], result.Scores[i]));
                parameters = [.. parameters.Take(3), ("search_iter_id", result.IteratorToken!), ("search_iter_last_bound", Number(result.IteratorLastBound))];
            }
            // Behind the last candidate come rows that share no band.
            if (kind.Index == "MINHASH_LSH") seen.RemoveAll(s => s.Score == 0);
            Assert.Equal(Math.Min(3 * Page, exact.Count), seen.Count);
            Assert.Equal(seen.Count, seen.Select(s => s.Id).Distinct().Count());
            for (var i = 1; i < seen.Count; i++) Assert.True(_larger ? seen[i].Score <= seen[i - 1].Score : seen[i].Score >= seen[i - 1].Score, $"{this}: pages out of order");
            if (seen.Count == 0) return;
            var worst = exact[seen.Count - 1].Score;
            _wanted += seen.Count;
            _found += seen.Count(s => IsAsGood(data.Score(metric, 2, (int)s.Id), worst));
        }

        private async Task CheckHybridAsync()
        {
            var result = await machine.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
            {
                Collection = "c",
                Requests = [Request("", [4], ("topk", "50")), Request("", [5], ("topk", "50"))],
                RankParams = ImmutableDictionary<string, string>.Empty.Add("limit", "10").Add("strategy", "rrf"),
                ConsistencyLevel = ConsistencyLevel.Strong,
            });
            // Equal scores go by the smaller key, so the ranks are known wherever the index is exact.
            var fused = new Dictionary<int, double>();
            foreach (var q in new[] { 4, 5 })
                foreach (var (row, rank) in Exact(q, _ => true).Take(50).Select((e, i) => (e.Row, i + 1))) fused[row] = fused.GetValueOrDefault(row) + (1.0 / (60 + rank));
            var expected = fused.OrderByDescending(f => f.Value).ThenBy(f => f.Key).Take(10).Select(f => (long)f.Key).ToArray();
            Assert.Equal(expected.Length, result.Scores.Length);
            _wanted += expected.Length;
            _found += expected.Intersect(result.Ids.Int64s.ToArray()).Count();
        }

        private List<(int Row, double Score)> Exact(int query, Func<int, bool> passes)
        {
            var all = Enumerable.Range(0, Rows).Where(r => passes(r) && !data.Column.IsNull(r)).Select(r => (Row: r, Score: data.Score(metric, query, r)));
            // Rows that share nothing with a sparse query are no hits.
            // Nor are those that share no band with a signature.
            if (data.Type == DataType.SparseFloatVector || kind.Index == "MINHASH_LSH") all = all.Where(e => e.Score > 0);
            return [.. (_larger ? all.OrderByDescending(e => (float)e.Score) : all.OrderBy(e => (float)e.Score)).ThenBy(e => e.Row)];
        }

        private void Compare(int query, IEnumerable<(int Row, double Score)> expected, ReadOnlySpan<long> ids, ReadOnlySpan<float> scores, Func<int, bool> passes)
        {
            var best = expected.ToList();
            if (best.Count == 0) return;
            for (var i = 0; i < ids.Length; i++)
            {
                Assert.True(passes((int)ids[i]), $"{this}: row {ids[i]} fails the filter");
                var score = data.Score(metric, query, (int)ids[i]);
                if (kind.IsExact) Assert.True(Math.Abs(score - scores[i]) <= 1e-3 * Math.Max(1, Math.Abs(score)), $"{this}: {scores[i]} instead of {score}");
                if (IsAsGood(score, best[^1].Score)) _found++;
            }
            _wanted += best.Count;
        }

        // Bounds and ties at the edges may fall either way by the last bit of a score.
        private void CompareWithin(List<(int Row, double Score)> expected, SearchResult result, int tolerance)
        {
            var missing = expected.Select(e => (long)e.Row).Except(result.Ids.Int64s.ToArray()).Count();
            _wanted += expected.Count;
            _found += expected.Count - (missing <= tolerance && (kind.IsExact || missing <= expected.Count * (1 - Recall)) ? 0 : missing);
        }

        private bool IsAsGood(double score, double worst)
        {
            var slack = 1e-4 * Math.Max(1, Math.Abs(worst));
            return _larger ? score >= worst - slack : score <= worst + slack;
        }

        private Task<SearchResult> SearchAsync(string filter, IEnumerable<int> queries, params (string Key, string Value)[] parameters) =>
            machine.Proxy.SearchAsync(RequestContext.Default, Request(filter, queries, parameters));

        private SearchRequest Request(string filter, IEnumerable<int> queries, params (string Key, string Value)[] parameters) => new()
        {
            Collection = "c",
            Expression = filter,
            Vectors = new QueryVectors(data.Type, [.. queries.Select(q => Data.Bytes(data.Queries, q))]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", field).Add("params", kind.Search).SetItems(parameters.Select(p => new KeyValuePair<string, string>(p.Key, p.Value))),
        };

        private string Merge(string members) => kind.Search == "{}" ? $"{{{members}}}" : $"{kind.Search[..^1]},{members}}}";

        private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);
    }
}
