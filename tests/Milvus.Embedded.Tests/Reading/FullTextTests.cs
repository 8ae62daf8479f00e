using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Text.Analyzers;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>BM25 search from inserted text to scores: however rows are spread, scores are those of the published formula.</summary>
public class FullTextTests
{
    private static readonly string[] s_words = ["red", "green", "blue", "apple", "pear", "tree", "car", "sky", "night", "river", "stone", "cloud"];

    [Theory]
    [InlineData(1, "DAAT_MAXSCORE")]
    [InlineData(3, "BLOCK_MAX_WAND")]
    public async Task Scores_are_the_formula_s_however_rows_are_spread(int shards, string algorithm)
    {
        await using var machine = new Machine(shards);
        await machine.StartAsync();
        await CreateAsync(machine, shards, new("inverted_index_algo", algorithm), new("bm25_k1", "1.4"), new("bm25_b", "0.6"));
        var random = new Random(shards);
        var documents = new List<string>();
        var checks = 0;
        for (var step = 0; step < 4; step++)
        {
            await InsertAsync(machine, documents, [.. Enumerable.Range(0, 90).Select(_ => Document(random))]);
            await CheckAsync(machine, documents, random);
            if (step % 2 == 0)
            {
                await machine.FlushedAsync("c");
                await machine.IndexedAsync("c");
                await CheckAsync(machine, documents, random);
            }
            checks++;
        }
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync(machine, documents, random);
        Assert.Equal(4, checks);
    }

    [Fact]
    public async Task Deleted_rows_are_no_hits_and_do_not_count_once_they_are_compacted()
    {
        await using var machine = new Machine(5);
        await machine.StartAsync();
        await CreateAsync(machine, 1);
        var documents = new List<string>();
        await InsertAsync(machine, documents, [.. Enumerable.Range(0, 80).Select(i => i < 40 ? "red apple" : "green tree")]);
        var before = await SearchAsync(machine, "green");
        await machine.DeleteAsync("c", [.. Enumerable.Range(0, 40).Select(i => (long)i)]);
        Assert.Equal(0, (await SearchAsync(machine, "red")).TopKs[0]);
        // What was deleted counts in the statistics until its segment is sealed or compacted, which may have happened by now.
        await machine.FlushedAsync("c");
        await machine.CompactedAsync("c");
        await Eventually.TrueAsync(async () => (await SearchAsync(machine, "green")).Scores[0] < before.Scores[0], "statistics without the deleted rows");
        var after = await SearchAsync(machine, "green");
        Assert.Equal(Bm25.Score(documents[40..], "green", documents[40], 1.2, 0.75), after.Scores[0], 1e-4);
    }

    [Fact]
    public async Task Filters_narrow_full_text_search_without_changing_scores()
    {
        await using var machine = new Machine(6);
        await machine.StartAsync();
        await CreateAsync(machine, 2);
        var random = new Random(6);
        var documents = new List<string>();
        await InsertAsync(machine, documents, [.. Enumerable.Range(0, 200).Select(_ => Document(random))]);
        var all = await SearchAsync(machine, "red apple river", limit: 200);
        var some = await SearchAsync(machine, "red apple river", "key % 7 == 3", 200);
        var scores = all.Ids.Int64s.ToArray().Zip(all.Scores).ToDictionary(hit => hit.First, hit => hit.Second);
        Assert.Equal(scores.Keys.Where(k => k % 7 == 3).Order(), some.Ids.Int64s.ToArray().Order());
        foreach (var (key, score) in some.Ids.Int64s.ToArray().Zip(some.Scores)) Assert.Equal(scores[key], score);
        var matched = await SearchAsync(machine, "red apple river", "text_match(text, 'red cloud', minimum_should_match=2)", 200);
        Assert.All(matched.Ids.Int64s.ToArray(), key => Assert.True(documents[(int)key].Contains("red", StringComparison.Ordinal) && documents[(int)key].Contains("cloud", StringComparison.Ordinal)));
        Assert.NotEqual(0, matched.TopKs[0]);
    }

    private static async Task CheckAsync(Machine machine, List<string> documents, Random random)
    {
        for (var q = 0; q < 4; q++)
        {
            var query = string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_words[random.Next(s_words.Length)]));
            var expected = documents.Select((text, key) => (Key: (long)key, Score: Bm25.Score(documents, query, text, 1.4, 0.6))).Where(hit => hit.Score > 0)
                .OrderByDescending(hit => hit.Score).ToList();
            var found = await SearchAsync(machine, query, limit: 20);
            Assert.Equal(Math.Min(20, expected.Count), found.TopKs[0]);
            var exact = expected.ToDictionary(hit => hit.Key, hit => hit.Score);
            for (var i = 0; i < found.Scores.Length; i++)
            {
                Assert.Equal(expected[i].Score, found.Scores[i], 1e-4);
                Assert.Equal(exact[found.Ids.Int64s[i]], found.Scores[i], 1e-4);
            }
        }
    }

    private static async Task CreateAsync(Machine machine, int shards, params Property[] build)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "text", Type = DataType.VarChar, TypeParams = [new("max_length", "500"), new("enable_analyzer", "true"), new("enable_match", "true")] },
            new FieldSchema { Name = "sparse", Type = DataType.SparseFloatVector, IsFunctionOutput = true },
        ],
        functions: [new FunctionSchema { Name = "bm25", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["sparse"] }]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema) { Shards = shards });
        await machine.ExecuteAsync(new CreateIndex("", "c", "sparse") { Params = [new("index_type", "SPARSE_INVERTED_INDEX"), new("metric_type", "BM25"), .. build] });
        await machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    private static async Task InsertAsync(Machine machine, List<string> documents, string[] added)
    {
        var keys = Enumerable.Range(documents.Count, added.Length).Select(k => (long)k).ToArray();
        documents.AddRange(added);
        var texts = new BinaryColumnBuilder(DataType.VarChar);
        foreach (var text in added) texts.Append(text);
        await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
        {
            Collection = "c",
            RowCount = added.Length,
            Columns = [new NamedColumn("key", new FixedColumn<long>(DataType.Int64, keys)), new NamedColumn("text", texts.Build())],
        });
    }

    private static Task<SearchResult> SearchAsync(Machine machine, string query, string? filter = null, int limit = 10) =>
        machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Expression = filter ?? "",
            ConsistencyLevel = ConsistencyLevel.Strong,
            Vectors = new QueryVectors(DataType.VarChar, [System.Text.Encoding.UTF8.GetBytes(query)]),
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "sparse").Add("topk", $"{limit}").Add("metric_type", "BM25"),
        });

    private static string Document(Random random) =>
        string.Join(' ', Enumerable.Range(0, random.Next(1, 15)).Select(_ => s_words[(int)(s_words.Length * Math.Pow(random.NextDouble(), 2))]));

    /// <summary>The formula by itself, from texts, in double precision.</summary>
    private static class Bm25
    {
        public static double Score(List<string> documents, string query, string document, double k1, double b)
        {
            var all = documents.ConvertAll(Terms);
            var mean = all.Average(terms => (double)terms.Length);
            var own = Terms(document);
            double score = 0;
            foreach (var term in Terms(query))
            {
                double frequency = own.Count(t => t == term), containing = all.Count(terms => terms.Contains(term));
                var idf = Math.Log(1 + ((documents.Count - containing + 0.5) / (containing + 0.5)));
                if (frequency > 0) score += idf * frequency * (k1 + 1) / (frequency + (k1 * (1 - b + (b * own.Length / mean))));
            }
            return score;
        }

        private static string[] Terms(string text) => [.. Analyzer.Standard.GetTokens(text).Select(token => token.Text)];
    }
}
