using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Milvus.Api.Tests.Rest;

/// <summary>The paths below <c>/v1/vector/</c>.</summary>
public sealed class FirstVersionTests(RestServer server) : IClassFixture<RestServer>
{
    [Fact]
    public async Task A_collection_is_made_filled_read_and_dropped()
    {
        Assert.Equal("{}", (await PostAsync("collections/create", new { collectionName = "one", dimension = 4, primaryField = "key", vectorField = "v", description = "of v1" })).GetProperty("data").GetRawText());
        Assert.Contains("one", (await GetAsync("collections")).GetProperty("data").EnumerateArray().Select(n => n.GetString()));
        var described = (await GetAsync("collections/describe?collectionName=one")).GetProperty("data");
        Assert.Equal(("one", "of v1", "LoadStateLoaded", true), (described.GetProperty("collectionName").GetString(), described.GetProperty("description").GetString(), described.GetProperty("load").GetString(), described.GetProperty("enableDynamicField").GetBoolean()));
        Assert.Equal(
            [("key", "Int64", true, true), ("v", "FloatVector(4)", false, false)],
            described.GetProperty("fields").EnumerateArray().Select(f => (f.GetProperty("name").GetString(), f.GetProperty("type").GetString(), f.GetProperty("primaryKey").GetBoolean(), f.GetProperty("autoId").GetBoolean())));
        Assert.Equal("L2", described.GetProperty("indexes")[0].GetProperty("metricType").GetString());

        // One row alone, then several in a list.
        var alone = (await PostAsync("insert", new { collectionName = "one", data = new { v = new[] { 1, 0, 0, 0 }, name = "a" } })).GetProperty("data");
        Assert.Equal(1, alone.GetProperty("insertCount").GetInt32());
        var several = (await PostAsync("insert", new { collectionName = "one", data = new object[] { new { v = new[] { 0, 1, 0, 0 }, name = "b" }, new { v = new[] { 0, 0, 1, 0 }, name = "c" } } })).GetProperty("data");
        Assert.Equal(2, several.GetProperty("insertCount").GetInt32());
        var id = alone.GetProperty("insertIds")[0].GetString();

        await Fresh("one", 3);
        var hits = (await PostAsync("search", new { collectionName = "one", vector = new[] { 0, 1, 0, 0 }, limit = 2, outputFields = new[] { "name" }, filter = "name in ['a', 'b']" })).GetProperty("data");
        Assert.Equal([("b", 0d), ("a", 2d)], hits.EnumerateArray().Select(h => (h.GetProperty("name").GetString()!, h.GetProperty("distance").GetDouble())));
        var near = (await PostAsync("search", new { collectionName = "one", vector = new[] { 0, 1, 0, 0 }, @params = new { radius = 1.0, range_filter = 0.0 } })).GetProperty("data");
        Assert.Equal(1, near.GetArrayLength());
        var rows = (await PostAsync("query", new { collectionName = "one", filter = "name == 'a'" })).GetProperty("data");
        Assert.Equal((id, "a", 4), (rows[0].GetProperty("key").GetString(), rows[0].GetProperty("name").GetString(), rows[0].GetProperty("v").GetArrayLength()));
        Assert.Equal("a", (await PostAsync("get", new { collectionName = "one", id })).GetProperty("data")[0].GetProperty("name").GetString());

        Assert.Equal("{}", (await PostAsync("delete", new { collectionName = "one", id })).GetProperty("data").GetRawText());
        await PostAsync("delete", new { collectionName = "one", filter = "name == 'b'" });
        await Fresh("one", 1);
        Assert.Equal("{}", (await PostAsync("collections/drop", new { collectionName = "one" })).GetProperty("data").GetRawText());
        Assert.DoesNotContain("one", (await GetAsync("collections")).GetProperty("data").EnumerateArray().Select(n => n.GetString()));
    }

    [Fact]
    public async Task Rows_are_deleted_by_keys_of_text_whatever_it_holds()
    {
        await server.DataAsync("collections/create", new { collectionName = "spelled", dimension = 2, idType = "VarChar", @params = new { max_length = 64 } });
        string[] keys = ["plain", "😀", "a\"b\\c", "{ids}", "ключ"];
        await PostAsync("insert", new { collectionName = "spelled", data = keys.Select(k => new { id = k, vector = new[] { 1, 0 } }) });
        await PostAsync("delete", new { collectionName = "spelled", id = keys[1] });
        await Fresh("spelled", 4);
        await PostAsync("delete", new { collectionName = "spelled", id = keys[2..] });
        await Fresh("spelled", 1);
    }

    [Theory]
    [InlineData("collections/create", """{"collectionName":"c"}""", 1802, "missing required parameters, required parameters: [collectionName, dimension]")]
    [InlineData("collections/drop", "{}", 1802, "missing required parameters, required parameters: [collectionName]")]
    [InlineData("collections/drop", """{"collectionName":"nothing"}""", 100, "collection not found")]
    [InlineData("insert", """{"collectionName":"nothing"}""", 1802, "missing required parameters, required parameters: [collectionName, data]")]
    [InlineData("insert", """{"collectionName":"nothing","data":{"v":[1]}}""", 100, "can't find collection")]
    [InlineData("delete", """{"collectionName":"nothing"}""", 1802, "missing required parameters, required parameters: [collectionName, id/filter]")]
    [InlineData("query", """{"collectionName":"nothing"}""", 1802, "missing required parameters, required parameters: [collectionName, filter]")]
    [InlineData("get", """{"collectionName":"nothing"}""", 1802, "missing required parameters, required parameters: [collectionName, id]")]
    [InlineData("search", """{"collectionName":"nothing"}""", 1802, "missing required parameters, required parameters: [collectionName, vector]")]
    [InlineData("search", """{"collectionName":"c","vector":[1],"params":{"range_filter":1}}""", 1801, "can only accept json format request, error: invalid search params")]
    [InlineData("search", """{"collectionName":"c","vector":[1],"searchAggregation":{}}""", 1100, "searchAggregation is not supported for REST v1 search")]
    [InlineData("search", "no json", 1801, "can only accept json format request")]
    public async Task Mistakes_are_refused_with_their_code(string path, string body, int code, string message)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, new StringContent(body));
        var reply = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.OK, code), (answer.StatusCode, reply.GetProperty("code").GetInt32()));
        Assert.StartsWith(message, reply.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Databases_are_kept_apart_and_unknown_paths_are_not_found()
    {
        await server.DataAsync("databases/create", new { dbName = "first" });
        await PostAsync("collections/create", new { dbName = "first", collectionName = "apart", dimension = 2 });
        Assert.Equal(["apart"], (await GetAsync("collections?dbName=first")).GetProperty("data").EnumerateArray().Select(n => n.GetString()));
        Assert.DoesNotContain("apart", (await GetAsync("collections")).GetProperty("data").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal("apart", (await GetAsync("collections/describe?collectionName=apart&dbName=first")).GetProperty("data").GetProperty("collectionName").GetString());
        using var unknown = await SendAsync(HttpMethod.Get, "search", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    // What was acknowledged is read by strong consistency through v2, and after that by any read.
    private async Task Fresh(string collection, int rows)
    {
        var counted = await server.DataAsync("entities/query", new { collectionName = collection, outputFields = new[] { "count(*)" }, consistencyLevel = "Strong" });
        Assert.Equal(rows, int.Parse(counted[0].GetProperty("count(*)").ToString(), System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, JsonContent.Create(body));
        return await SuccessAsync(answer);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null);
        return await SuccessAsync(answer);
    }

    private static async Task<JsonElement> SuccessAsync(HttpResponseMessage answer)
    {
        var reply = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(reply.GetProperty("code").GetInt32() == 200, reply.GetRawText());
        return reply;
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content) =>
        server.SendAsync(new HttpRequestMessage(method, new Uri("/v1/vector/" + path, UriKind.Relative)) { Content = content });
}
