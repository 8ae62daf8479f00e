using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Milvus.Api.Rest;

namespace Milvus.Api.Tests.Rest;

/// <summary>What holds for every endpoint: paths, methods, headers, bodies and the shape of answers.</summary>
[Collection(nameof(SharedRestServer))]
public sealed class EnvelopeTests(RestServer server)
{
    [Theory]
    [InlineData("POST", "/v2/vectordb/collections/nothing")]
    [InlineData("POST", "/v2/vectordb/")]
    [InlineData("POST", "/")]
    [InlineData("GET", "/v2/vectordb/collections/list")]
    [InlineData("DELETE", "/v2/vectordb/collections/drop")]
    public async Task What_is_no_endpoint_is_404(string method, string path)
    {
        using var response = await server.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal("404 page not found", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Options_is_answered_with_cors_headers_and_no_content()
    {
        using var response = await server.SendAsync(new HttpRequestMessage(HttpMethod.Options, "collections/list"));
        Assert.Equal(204, (int)response.StatusCode);
        Assert.Equal(["*"], response.Headers.GetValues("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Answers_carry_their_headers()
    {
        using var response = await server.SendAsync(new HttpRequestMessage(HttpMethod.Post, "collections/list") { Content = new StringContent("{}") });
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.NotEmpty(response.Headers.GetValues("X-Milvus-Trace-Id").Single());
    }

    [Fact]
    public async Task An_empty_body_is_told_from_a_wrong_one()
    {
        var empty = await server.RefusedAsync(1801, "collections/list", "");
        Assert.Equal("can only accept json format request, the request body should be nil, however {} is valid", empty);
        Assert.StartsWith("can only accept json format request, error: ", await server.RefusedAsync(1801, "collections/list", "x"));
    }

    [Fact]
    public async Task No_parameters_may_be_sent_as_null_and_names_in_any_letter_case()
    {
        Assert.Equal(JsonValueKind.Array, (await server.DataAsync("collections/list", "null")).ValueKind);
        Assert.Contains("'CollectionName' failed on the 'required' tag", await server.RefusedAsync(1802, "collections/describe", "null"));
        Assert.Contains("no_such_collection", await server.RefusedAsync(100, "collections/describe", """{"COLLECTIONname":"no_such_collection"}"""));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"text\"")]
    [InlineData("{\"dbName\":7}")]
    [InlineData("{\"dbName\":{}}")]
    [InlineData("{\"dbName\":\"\\ud800\"}")]
    [InlineData("{\"\\udC00\":1}")]
    [InlineData("{} {}")]
    public async Task A_body_that_is_no_usable_json_is_1801(string body) =>
        Assert.StartsWith("can only accept json format request, error: ", await server.RefusedAsync(1801, "collections/list", body));

    [Fact]
    public async Task Nesting_beyond_any_use_is_1801()
    {
        var deep = "{\"dbName\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        await server.RefusedAsync(1801, "collections/list", deep);
    }

    [Fact]
    public async Task Required_fields_are_named_as_by_the_validator()
    {
        foreach (var body in new[] { "{}", "{\"collectionName\":\"\"}", "{\"collectionName\":null}" })
        {
            var message = await server.RefusedAsync(1802, "collections/describe", body);
            Assert.StartsWith("missing required parameters, error: Key: '", message);
            Assert.EndsWith("Error:Field validation for 'CollectionName' failed on the 'required' tag", message);
        }
    }

    [Fact]
    public async Task The_header_names_the_database_unless_the_body_does()
    {
        await server.DataAsync("databases/create", new { dbName = "envelope" });
        await server.DataAsync("collections/create", new { dbName = "envelope", collectionName = "inside", dimension = 2 });
        Assert.Equal(["inside"], Names(await server.DataAsync("collections/list", "{}", ("DB-Name", "envelope"))));
        Assert.DoesNotContain("inside", Names(await server.DataAsync("collections/list", new { dbName = "default" }, ("DB-Name", "envelope"))));
        Assert.Equal("database not found[database=nowhere]", await server.RefusedAsync(800, "collections/describe", new { collectionName = "c" }, ("DB-Name", "nowhere")));
    }

    [Fact]
    public async Task A_timeout_is_a_number_of_seconds_of_any_size()
    {
        await server.RefusedAsync(1100, "collections/list", "{}", ("Request-Timeout", "soon"));
        await server.RefusedAsync(1100, "collections/list", "{}", ("Request-Timeout", "1.5"));
        await server.DataAsync("collections/list", "{}", ("Request-Timeout", "2147483647"));
    }

    [Fact]
    public async Task A_request_that_does_not_end_in_time_is_408()
    {
        using var impatient = await RestServer.StartAsync(new RestOptions { RequestTimeoutMs = 100 });
        await using var _ = new Stopping(impatient);
        var answer = await ConverseAsync(impatient.Port, "POST /v2/vectordb/collections/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n{");
        Assert.StartsWith("HTTP/1.1 408 ", answer);
        Assert.Contains("{\"code\":10001,\"message\":\"request timeout\"}", answer);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_1102()
    {
        using var small = await RestServer.StartAsync(new RestOptions { MaxBodyBytes = 1000 });
        await using var _ = new Stopping(small);
        await small.RefusedAsync(1102, "collections/list", "{\"x\":\"" + new string('x', 1000) + "\"}");
        await small.DataAsync("collections/list", "{}");
    }

    internal static string[] Names(System.Text.Json.JsonElement list) => [.. list.EnumerateArray().Select(n => n.GetString()!)];

    private static async Task<string> ConverseAsync(int port, string text)
    {
        using var socket = new TcpClient("127.0.0.1", port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private sealed class Stopping(RestServer server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
