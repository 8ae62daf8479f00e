using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Searches that rank the single elements of lists of vectors, against a scan of all elements.</summary>
public class ElementSearchTests
{
    private const int Dimension = 4;

    private sealed record Row(long[] Numbers, float[][] Vectors);

    private sealed record Found(long Key, int Element, double Score);

    [Theory]
    [InlineData("AUTOINDEX", "L2")]
    [InlineData("HNSW", "L2")]
    [InlineData("HNSW", "IP")]
    [InlineData("HNSW", "COSINE")]
    [InlineData("IVF_FLAT", "COSINE")]
    [InlineData("AUTOINDEX", "IP")]
    [InlineData("HNSW_SQ", "L2")]
    [InlineData("HNSW_PQ", "IP")]
    [InlineData("HNSW_PRQ", "COSINE")]
    [InlineData("DISKANN", "L2")]
    [InlineData("FLAT", "COSINE")]
    [InlineData("IVF_FLAT_CC", "L2")]
    [InlineData("SCANN", "IP")]
    public async Task Elements_are_found_as_a_scan_finds_them(string index, string metric)
    {
        await using var rig = await Rig.StartAsync(index, metric);
        await rig.WriteAsync(0, 300);
        await rig.Machine.FlushedAsync("c");
        await rig.WriteAsync(250, 400);
        await rig.DeleteAsync(7, 260, 390);
        await rig.Machine.IndexedAsync("c");
        await rig.CheckAsync();
        await rig.Machine.FlushedAsync("c");
        await rig.Machine.CompactedAsync("c");
        await rig.Machine.RestartAsync();
        await rig.Machine.LoadedAsync("c");
        await rig.Machine.IndexedAsync("c");
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Lists_and_elements_do_not_mix()
    {
        await using var rig = await Rig.StartAsync("HNSW", "L2");
        await rig.WriteAsync(0, 10);
        var query = rig.Query();
        var lists = new QueryVectors(DataType.FloatVector, [Bytes(query)]) { AreLists = true };
        Assert.Contains("is not searched by lists of vectors", await Refused(rig.Request(query) with { Vectors = lists }));
        Assert.StartsWith("element_filter is only supported for element-level search", await Refused(rig.Request(query, "element_filter(t, $[n] > 1)")));
        Assert.StartsWith("only group by primary key is supported for element-level search", await Refused(rig.Request(query, "", ("group_by_field", "colour"))));
        Assert.StartsWith("only group by primary key is supported for element-level search", await Refused(rig.Request(query) with { Aggregation = new SearchAggregation { Fields = ["colour"], Size = 2 } }));
        Assert.StartsWith("group by is not supported for multi-search-multi on embedding list fields", await Refused(rig.Request(query, "", ("anns_field", "t[w]")) with { Vectors = lists, Aggregation = new SearchAggregation { Fields = ["key"], Size = 2 } }));
        Assert.StartsWith("legacy search iterator is not supported for element-level search", await Refused(rig.Request(query, "", ("iterator", "True"))));
        Assert.StartsWith("array of vector is not supported for search by IDs", await Refused(rig.Request(query) with { Vectors = null, Keys = PrimaryKeys.Of(1) }));
        Assert.StartsWith("vector dimension mismatch", await Refused(rig.Request([1, 2])));

        async Task<string> Refused(SearchRequest request) =>
            (await Assert.ThrowsAsync<MilvusException>(() => rig.Machine.Proxy.SearchAsync(RequestContext.Default, request))).Message;
    }

    [Fact]
    public async Task Searches_of_one_struct_are_fused_by_element_and_others_by_row()
    {
        await using var rig = await Rig.StartAsync("HNSW", "L2");
        await rig.WriteAsync(0, 60);
        var (a, b) = (rig.Query(), rig.Query());
        var parameters = ImmutableDictionary<string, string>.Empty.Add("limit", "8").Add("strategy", "rrf");
        var elements = await rig.Machine.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
        {
            Collection = "c",
            Requests = [rig.Request(a, "", ("topk", "20")), rig.Request(b, "", ("topk", "20"))],
            RankParams = parameters,
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        var fused = new Dictionary<(long, int), double>();
        foreach (var query in new[] { a, b })
            foreach (var (hit, rank) in rig.Exact(query).Take(20).Select((h, i) => (h, i + 1))) fused[(hit.Key, hit.Element)] = fused.GetValueOrDefault((hit.Key, hit.Element)) + (1.0 / (60 + rank));
        Assert.Equal(
            fused.OrderByDescending(f => f.Value).ThenBy(f => f.Key).Take(8).Select(f => f.Key),
            elements.Ids.Int64s.ToArray().Zip(elements.Elements));

        var rows = await rig.Machine.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
        {
            Collection = "c",
            Requests = [rig.Request(a, "", ("topk", "20")), rig.Request(b[..2], "", ("topk", "20"), ("anns_field", "plain"))],
            RankParams = parameters,
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        Assert.True(rows.Elements.IsEmpty);
        Assert.Equal(8, rows.Ids.Int64s.ToArray().Distinct().Count());
        var ranks = new Dictionary<long, double>();
        foreach (var (key, rank) in rig.Exact(a).Take(20).Select(h => h.Key).Distinct().Select((k, i) => (k, i + 1))) ranks[key] = 1.0 / (60 + rank);
        foreach (var (key, rank) in rig.ExactPlain(b).Take(20).Select((k, i) => (k, i + 1))) ranks[key] = ranks.GetValueOrDefault(key) + (1.0 / (60 + rank));
        Assert.Equal(ranks.OrderByDescending(r => r.Value).ThenBy(r => r.Key).Take(8).Select(r => r.Key), rows.Ids.Int64s.ToArray());
    }

    [Theory]
    [InlineData("\"max\"", 1, false)]
    [InlineData("\"sum\"", 100, false)]
    [InlineData("\"avg\"", 100, true)]
    [InlineData("\"topk_sum\",\"topk\":2", 2, false)]
    [InlineData("\"topk_avg\",\"topk\":3", 3, true)]
    public async Task Rows_count_as_what_their_elements_come_to(string collapse, int best, bool mean)
    {
        await using var rig = await Rig.StartAsync("HNSW", "IP");
        await rig.WriteAsync(0, 60);
        var query = rig.Query();
        var found = await rig.Machine.Proxy.HybridSearchAsync(RequestContext.Default, new HybridSearchRequest
        {
            Collection = "c",
            Requests =
            [
                rig.Request(query, "", ("topk", "40"), ("params", $"{{\"element_scope\":{{\"collapse\":{{\"strategy\":{collapse}}}}}}}")),
                rig.Request([0, 0], "", ("topk", "1"), ("anns_field", "plain")),
            ],
            RankParams = ImmutableDictionary<string, string>.Empty.Add("limit", "10").Add("strategy", "weighted").Add("params", "{\"weights\":[1,0],\"norm_score\":false}"),
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        var expected = rig.Exact(query).Take(40).GroupBy(h => h.Key).Select(g => g.Take(best).Select(h => h.Score)).Select(s => mean ? s.Average() : s.Sum()).OrderDescending().Take(10);
        foreach (var (wanted, score) in expected.Zip(found.Scores)) Assert.Equal(wanted, score, 1e-4);
        Assert.Equal(10, found.Ids.Int64s.ToArray().Distinct().Count());
    }

    [Theory]
    [InlineData("{\"collapse\":{\"strategy\":\"sum\"}}", "element_scope.collapse.strategy sum is only supported for positively related metrics")]
    [InlineData("{\"collapse\":{\"strategy\":\"median\"}}", "unsupported element_scope.collapse.strategy: median")]
    [InlineData("{\"collapse\":{\"strategy\":\"topk_avg\"}}", "element_scope.collapse.topk is required for strategy topk_avg")]
    [InlineData("{\"collapse\":{\"strategy\":\"topk_avg\",\"topk\":0}}", "element_scope.collapse.topk must be positive")]
    [InlineData("{\"collapse\":{\"strategy\":\"max\",\"topk\":1}}", "element_scope.collapse.topk is only valid for topk strategies")]
    [InlineData("{\"collapse\":{\"how\":1}}", "unsupported element_scope.collapse key: how")]
    [InlineData("{\"collapse\":{}}", "element_scope.collapse.strategy is required")]
    [InlineData("{}", "element_scope.collapse is required")]
    [InlineData("{\"expand\":{}}", "unsupported element_scope key: expand")]
    [InlineData("7", "element_scope must be a JSON object")]
    public async Task Scopes_that_cannot_be_are_refused(string scope, string message)
    {
        await using var rig = await Rig.StartAsync("HNSW", "L2");
        await rig.WriteAsync(0, 5);
        var scoped = rig.Request(rig.Query(), "", ("params", $"{{\"element_scope\":{scope}}}"));
        var plain = rig.Request([1, 2], "", ("anns_field", "plain"));
        Assert.StartsWith(message, await Refused(scoped, plain));
        Assert.StartsWith("element_scope is not allowed for same-struct element-level hybrid search", await Refused(scoped, rig.Request(rig.Query())));
        Assert.StartsWith("element_scope is only allowed for element-level search", await Refused(rig.Request(rig.Query()), plain with { Params = plain.Params.Add("params", $"{{\"element_scope\":{scope}}}") }));

        async Task<string> Refused(params SearchRequest[] requests)
        {
            var request = new HybridSearchRequest { Collection = "c", Requests = [.. requests], RankParams = ImmutableDictionary<string, string>.Empty.Add("limit", "3"), ConsistencyLevel = ConsistencyLevel.Strong };
            return (await Assert.ThrowsAsync<MilvusException>(() => rig.Machine.Proxy.HybridSearchAsync(RequestContext.Default, request))).Message;
        }
    }

    [Fact]
    public async Task Hybrid_searches_of_lists_take_no_groups_but_of_one_struct_by_key()
    {
        await using var rig = await Rig.StartAsync("HNSW", "L2");
        await rig.WriteAsync(0, 20);
        var (elements, lists) = (rig.Request(rig.Query()), new QueryVectors(DataType.FloatVector, [Bytes(rig.Query())]) { AreLists = true });
        var listed = rig.Request([], "", ("anns_field", "t[w]")) with { Vectors = lists };
        var plain = rig.Request([1, 2], "", ("anns_field", "plain"));
        Assert.StartsWith("only group by primary key is supported for same-struct element-level vector array fields", await Refused("colour", elements, elements));
        Assert.StartsWith("group by search is only supported for same-struct element-level vector array fields", await Refused("key", elements, plain));
        Assert.StartsWith("group by search is not supported for vector array (embedding-list) fields in hybrid search", await Refused("key", listed, plain));
        listed = listed with { Params = listed.Params.Add("params", "{\"radius\":0.1}") };
        Assert.StartsWith("range search is not supported for vector array (embedding-list) fields in hybrid search", await Refused(null, listed, plain));

        async Task<string> Refused(string? group, params SearchRequest[] requests)
        {
            var parameters = ImmutableDictionary<string, string>.Empty.Add("limit", "3");
            var request = new HybridSearchRequest
            {
                Collection = "c",
                Requests = [.. requests],
                RankParams = group is null ? parameters : parameters.Add("group_by_field", group),
                ConsistencyLevel = ConsistencyLevel.Strong,
            };
            return (await Assert.ThrowsAsync<MilvusException>(() => rig.Machine.Proxy.HybridSearchAsync(RequestContext.Default, request))).Message;
        }
    }

    private static byte[] Bytes(float[] vector) => MemoryMarshal.AsBytes(vector.AsSpan()).ToArray();

    /// <summary>A collection of structs, what is in it, and what should be found.</summary>
    private sealed class Rig(string metric, int seed) : IAsyncDisposable
    {
        private readonly Random _random = new(seed);
        private readonly SortedDictionary<long, Row> _rows = [];

        public Machine Machine { get; } = new(11, Rig_Options);

        private static EngineOptions Rig_Options => Embedded.Tests.Rig.Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 120 } };

        public static async Task<Rig> StartAsync(string index, string metric)
        {
            var rig = new Rig(metric, index.Length + metric.Length);
            await rig.Machine.StartAsync();
            var schema = new CollectionSchema(
                [
                    new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
                    new FieldSchema { Name = "colour", Type = DataType.Int64 },
                    new FieldSchema { Name = "plain", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
                ],
                [],
                [Struct("s"), Struct("t")]);
            await rig.Machine.ExecuteAsync(new CreateCollection("", "c", schema) { Shards = 2 });
            ImmutableArray<Property> build = index.StartsWith("HNSW", StringComparison.Ordinal) ? [new("M", "16"), new("efConstruction", "100")] : index is "SCANN" or "IVF_FLAT" or "IVF_FLAT_CC" ? [new("nlist", "8")] : [];
            await rig.Machine.ExecuteAsync(new CreateIndex("", "c", "s[w]") { Params = [new("index_type", index), new("metric_type", metric), .. build] });
            await rig.Machine.ExecuteAsync(new CreateIndex("", "c", "t[w]") { Params = [new("index_type", "AUTOINDEX"), new("metric_type", "MAX_SIM_IP")] });
            await rig.Machine.ExecuteAsync(new CreateIndex("", "c", "plain") { Params = [new("index_type", "FLAT"), new("metric_type", "L2")] });
            await rig.Machine.ExecuteAsync(new LoadCollection("", "c"));
            return rig;
        }

        public ValueTask DisposeAsync() => Machine.DisposeAsync();

        public float[] Query() => Vector();

        public async Task WriteAsync(int from, int to)
        {
            var (numbers, vectors) = (new ArrayColumnBuilder(ColumnBuilder.For(DataType.Int64)), new ArrayColumnBuilder(ColumnBuilder.For(DataType.FloatVector, dimension: Dimension)));
            var plain = new List<float>();
            for (var key = from; key < to; key++)
            {
                plain.AddRange([key % 17, key % 5]);
                _rows.Remove(key);
                if (_random.Next(8) == 0)
                {
                    numbers.AppendNull();
                    vectors.AppendNull();
                    continue;
                }
                var count = _random.Next(7);
                var row = new Row([.. Enumerable.Range(0, count).Select(_ => _random.NextInt64(10))], [.. Enumerable.Range(0, count).Select(_ => Vector())]);
                _rows[key] = row;
                foreach (var n in row.Numbers) ((FixedColumnBuilder<long>)numbers.Elements).Append(n);
                foreach (var v in row.Vectors) ((VectorColumnBuilder)vectors.Elements).Append(Bytes(v));
                numbers.EndRow();
                vectors.EndRow();
            }
            var (n1, w1) = (numbers.Build(), vectors.Build());
            long[] keys = [.. Enumerable.Range(from, to - from).Select(i => (long)i)];
            await Machine.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest
            {
                Collection = "c",
                RowCount = keys.Length,
                Columns =
                [
                    new("key", new FixedColumn<long>(DataType.Int64, keys)),
                    new("colour", new FixedColumn<long>(DataType.Int64, Array.ConvertAll(keys, k => k % 3))),
                    new("plain", new VectorColumn(DataType.FloatVector, 2, Bytes([.. plain]))),
                    new("s[n]", n1), new("s[w]", w1), new("t[n]", n1), new("t[w]", w1),
                ],
            });
        }

        public async Task DeleteAsync(params long[] keys)
        {
            await Machine.DeleteAsync("c", keys);
            foreach (var key in keys) _rows.Remove(key);
        }

        public SearchRequest Request(float[] query, string filter = "", params (string Key, string Value)[] parameters) => new()
        {
            Collection = "c",
            Expression = filter,
            Vectors = new QueryVectors(DataType.FloatVector, [Bytes(query)]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "s[w]").Add("topk", "15").SetItems(parameters.Select(p => new KeyValuePair<string, string>(p.Key, p.Value))),
        };

        public List<Found> Exact(float[] query, Func<long, long, bool>? passes = null)
        {
            var all = _rows.SelectMany(r => r.Value.Vectors.Select((v, e) => (r.Key, Element: e, Number: r.Value.Numbers[e], Score: Score(query, v))))
                .Where(h => passes is null || passes(h.Key, h.Number)).Select(h => new Found(h.Key, h.Element, (float)h.Score));
            return [.. (metric == "L2" ? all.OrderBy(h => h.Score) : all.OrderByDescending(h => h.Score)).ThenBy(h => h.Key).ThenBy(h => h.Element)];
        }

        public IEnumerable<long> ExactPlain(float[] query) =>
            Enumerable.Range(0, 60).OrderBy(k => Math.Pow((k % 17) - query[0], 2) + Math.Pow((k % 5) - query[1], 2)).ThenBy(k => k).Select(k => (long)k);

        public async Task CheckAsync()
        {
            await CheckAsync("", (_, _) => true);
            await CheckAsync("colour == 1", (key, _) => key % 3 == 1);
            await CheckAsync("element_filter(s, $[n] > 3)", (_, n) => n > 3);
            await CheckAsync("colour != 0 and element_filter(s, $[n] in [1, 2, 9])", (key, n) => key % 3 != 0 && n is 1 or 2 or 9);
            await CheckAsync("element_filter(s, $[n] > 100)", (_, _) => false);
            await CheckGroupsAsync();
            await CheckRangeAsync();
            await CheckPagesAsync();
        }

        private async Task CheckAsync(string filter, Func<long, long, bool> passes)
        {
            var (found, wanted) = (0, 0);
            for (var round = 0; round < 5; round++)
            {
                var query = Vector();
                var expected = Exact(query, passes).Take(15).ToList();
                var result = await SearchAsync(Request(query, filter) with { OutputFields = ["s[n]"] });
                Assert.Equal(expected.Count, result.Scores.Length);
                var numbers = (ArrayColumn)result.Columns.Single(c => c.Name == "s[n]").Column;
                for (var i = 0; i < expected.Count; i++)
                {
                    var (key, element) = (result.Ids.Int64s[i], result.Elements[i]);
                    Assert.Equal(Score(query, _rows[key].Vectors[element]), result.Scores[i], 1e-4);
                    Assert.Equal(_rows[key].Numbers, ((FixedColumn<long>)numbers.Row(i)).Values.ToArray());
                    Assert.True(passes(key, _rows[key].Numbers[element]), $"{filter}: element {element} of {key}");
                    if (expected.Any(e => e.Key == key && e.Element == element)) found++;
                }
                wanted += expected.Count;
            }
            Assert.True(found >= wanted * 0.95, $"{metric} '{filter}': {found} of {wanted}");
        }

        private async Task CheckGroupsAsync()
        {
            var query = Vector();
            var result = await SearchAsync(Request(query, "element_filter(s, $[n] > 2)", ("group_by_field", "key"), ("topk", "10"), ("params", "{\"ef\":3,\"search_list\":3,\"reorder_k\":3}")));
            var expected = Exact(query, (_, n) => n > 2).GroupBy(h => h.Key).Take(10).Select(g => g.First()).ToList();
            Assert.Equal(10, result.Ids.Int64s.ToArray().Distinct().Count());
            Assert.True(expected.Select(e => (e.Key, e.Element)).Intersect(result.Ids.Int64s.ToArray().Zip(result.Elements)).Count() >= 9);
        }

        private async Task CheckRangeAsync()
        {
            var query = Vector();
            var exact = Exact(query);
            var radius = (exact[20].Score + exact[21].Score) / 2;
            var result = await SearchAsync(Request(query, "", ("topk", "100"), ("params", $"{{\"radius\":{radius.ToString("R", CultureInfo.InvariantCulture)}}}")));
            // Lists beyond two empty ones are not looked at.
            Assert.InRange(result.Scores.Length, 19, 21);
        }

        private async Task CheckPagesAsync()
        {
            var query = Vector();
            var seen = new List<(long, int)>();
            (string, string)[] first = [("iterator", "True"), ("search_iter_v2", "True"), ("search_iter_batch_size", "40")];
            for (var parameters = first; ;)
            {
                var page = await SearchAsync(Request(query, "colour == 2", parameters));
                if (page.Scores.IsEmpty) break;
                seen.AddRange(page.Ids.Int64s.ToArray().Zip(page.Elements));
                parameters = [.. first, ("search_iter_id", page.IteratorToken!), ("search_iter_last_bound", page.IteratorLastBound.ToString("R", CultureInfo.InvariantCulture))];
            }
            var exact = Exact(query, (key, _) => key % 3 == 2);
            Assert.Equal(seen.Count, seen.Distinct().Count());
            // What an approximate first page passes over does not come again.
            Assert.InRange(seen.Count, exact.Count - 4, exact.Count);
        }

        private Task<SearchResult> SearchAsync(SearchRequest request) => Machine.Proxy.SearchAsync(RequestContext.Default, request);

        private static StructFieldSchema Struct(string name) => new()
        {
            Name = name,
            Nullable = true,
            Fields =
            [
                new FieldSchema { Name = "n", Type = DataType.Array, ElementType = DataType.Int64 },
                new FieldSchema { Name = "w", Type = DataType.ArrayOfVector, ElementType = DataType.FloatVector, TypeParams = [new("dim", "4")] },
            ],
            TypeParams = [new("max_capacity", "8")],
        };

        // Few values: elements and even rows have equal scores often.
        private float[] Vector() => [.. Enumerable.Range(0, Dimension).Select(_ => (_random.Next(19) - 9) / 4f)];

        private double Score(float[] query, float[] vector)
        {
            static double Dot(float[] a, float[] b) => a.Zip(b).Sum(p => (double)p.First * p.Second);
            if (metric == "L2") return query.Zip(vector).Sum(p => Math.Pow(p.First - (double)p.Second, 2));
            if (metric == "IP") return Dot(query, vector);
            var norms = Math.Sqrt(Dot(query, query) * Dot(vector, vector));
            return norms == 0 ? 0 : Dot(query, vector) / norms;
        }
    }
}
