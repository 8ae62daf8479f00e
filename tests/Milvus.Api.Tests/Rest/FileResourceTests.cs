using System.Text;
using Milvus.Api.Tests.Grpc;
using Milvus.Protocol;
using Milvus.Protocol.Common;

namespace Milvus.Api.Tests.Rest;

/// <summary>Files of words that analyzers name.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class FileResourceTests(RestServer server)
{
    [Fact]
    public async Task Words_of_files_take_part_in_analyses()
    {
        await PutAsync("words/stop.txt", "whale\r\n\nthe\n");
        await PutAsync("words/same.txt", "fox, vixen");
        await server.DataAsync("file_resources/add", new { name = "stops", path = "words/stop.txt" });
        await server.DataAsync("file_resources/add", new { name = "words", path = "words/" });
        var listed = (await server.Grpc.CallAsync(TestServer.Path("ListFileResources"), new ListFileResourcesRequest())).Single(ListFileResourcesResponse.Parser);
        Assert.Equal(["stops", "words"], listed.Resources.Select(r => r.Name));

        const string Analyzer = """{"tokenizer":"standard","filter":["lowercase",{"type":"stop","stop_words":["a"],"stop_words_file":{"type":"remote","resource_name":"stops","file_name":"stop.txt"}},{"type":"synonym","expand":true,"synonyms_file":{"type":"remote","resource_name":"words","file_name":"same.txt"}}]}""";
        var tokens = (await server.DataAsync("common/run_analyzer", new { text = new[] { "The fox, a whale" }, analyzerParams = Analyzer })).GetProperty("results")[0].GetProperty("tokens");
        Assert.Equal(["fox", "vixen"], tokens.EnumerateArray().Select(t => t.GetProperty("token").GetString()).Order());

        await server.SendAsync("collections/drop", new { collectionName = "fr_words" });
        await server.DataAsync("collections/create", new
        {
            collectionName = "fr_words",
            schema = new
            {
                fields = new object[]
                {
                    new { fieldName = "id", dataType = "Int64", isPrimary = true },
                    new { fieldName = "v", dataType = "FloatVector", elementTypeParams = new { dim = 2 } },
                    new { fieldName = "t", dataType = "VarChar", elementTypeParams = new { max_length = 64, enable_analyzer = true, enable_match = true, analyzer_params = Analyzer } },
                },
            },
            indexParams = new[] { new { fieldName = "v" } },
        });
        await server.DataAsync("entities/insert", """{"collectionName":"fr_words","data":[{"id":1,"v":[1,2],"t":"a fox"},{"id":2,"v":[1,2],"t":"the whale"}]}""");
        // What the field means does not change with the file.
        await server.DataAsync("file_resources/remove", new { name = "stops" });
        Assert.Equal(["1"], await MatchedAsync("vixen"));
        Assert.Empty(await MatchedAsync("whale"));

        async Task<IEnumerable<string?>> MatchedAsync(string text)
        {
            var rows = await server.DataAsync("entities/query", new { collectionName = "fr_words", filter = $"text_match(t, '{text}')", consistencyLevel = "Strong" });
            return rows.EnumerateArray().Select(r => r.GetProperty("id").GetString());
        }
    }

    [Fact]
    public async Task Parameters_with_a_key_given_twice_are_a_users_mistake()
    {
        const string Twice = """{"tokenizer":"standard","filter":[{"type":"stop","stop_words_file":{"type":"remote"},"stop_words_file":{"type":"local"}}]}""";
        await server.RefusedAsync(1100, "common/run_analyzer", new { text = new[] { "a" }, analyzerParams = Twice });
    }

    [Fact]
    public async Task What_is_not_there_is_refused()
    {
        await PutAsync("words/other.txt", "x");
        Assert.Contains("not exist", await server.RefusedAsync(1100, "file_resources/add", new { name = "missing", path = "words/missing.txt" }));
        Assert.Contains("IO failed", await server.RefusedAsync(1001, "file_resources/add", new { name = "missing", path = "x/../words/other.txt" }));
        var nowhere = (await server.Grpc.CallAsync(TestServer.Path("AddFileResource"), new AddFileResourceRequest { Name = "missing" })).Single(Status.Parser);
        Assert.Equal((1001, true), (nowhere.Code, nowhere.Reason.Contains("Object name cannot be empty", StringComparison.Ordinal)));
        await server.DataAsync("file_resources/add", new { name = "other", path = "words/other.txt" });
        await server.DataAsync("file_resources/add", new { name = "other", path = "words/other.txt" });
        await PutAsync("words/third.txt", "x");
        Assert.Contains("already exists", await server.RefusedAsync(1100, "file_resources/add", new { name = "other", path = "words/third.txt" }));
        await server.DataAsync("file_resources/remove", new { name = "other" });
        await server.DataAsync("file_resources/remove", new { name = "other" });
        Assert.Contains("file resource: other not found in local resource list", await server.RefusedAsync(1100, "common/run_analyzer", new
        {
            text = new[] { "x" },
            analyzerParams = """{"tokenizer":"standard","filter":[{"type":"stop","stop_words_file":{"type":"remote","resource_name":"other","file_name":"other.txt"}}]}""",
        }));
        Assert.Contains("file name of remote file `stop_words_file` must be set", await server.RefusedAsync(1100, "common/run_analyzer", new
        {
            text = new[] { "x" },
            analyzerParams = """{"tokenizer":"standard","filter":[{"type":"stop","stop_words_file":{"type":"remote","resource_name":"other"}}]}""",
        }));
        Assert.Contains("unsupported file type local", await server.RefusedAsync(1100, "common/run_analyzer", new
        {
            text = new[] { "x" },
            analyzerParams = """{"tokenizer":"standard","filter":[{"type":"stop","stop_words_file":{"type":"local","path":"/etc/passwd"}}]}""",
        }));
    }

    [Fact]
    public async Task Names_are_any_text()
    {
        await PutAsync("words/named.txt", "x");
        foreach (var name in new[] { "", "r-dash", "r.dot", "r/slash", "r 中文", new string('r', 255) })
        {
            Assert.Equal(0, (await server.Grpc.CallAsync(TestServer.Path("AddFileResource"), new AddFileResourceRequest { Name = name, Path = "words/named.txt" })).Single(Status.Parser).Code);
            var listed = (await server.Grpc.CallAsync(TestServer.Path("ListFileResources"), new ListFileResourcesRequest())).Single(ListFileResourcesResponse.Parser);
            Assert.Contains(name, listed.Resources.Select(r => r.Name));
            Assert.Equal(0, (await server.Grpc.CallAsync(TestServer.Path("RemoveFileResource"), new RemoveFileResourceRequest { Name = name })).Single(Status.Parser).Code);
        }
        await server.RefusedAsync(1100, "file_resources/add", new { name = new string('r', 256), path = "words/named.txt" });
        await server.RefusedAsync(1100, "file_resources/add", new { name = "r\u0001", path = "words/named.txt" });
    }

    private Task PutAsync(string path, string content) => server.ImportFiles.PutAsync(path, Encoding.UTF8.GetBytes(content));
}
