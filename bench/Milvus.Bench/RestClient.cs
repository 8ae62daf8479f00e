using System.Globalization;
using System.Text.Json;

namespace Milvus.Bench;

/// <summary>Search over REST v2.</summary>
internal sealed class RestClient(int port) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    public void Dispose() => _http.Dispose();

    public async Task<IReadOnlyList<long>> SearchAsync(string name, ReadOnlyMemory<float> query, int k, int ef)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            collectionName = name,
            annsField = "vector",
            data = new[] { query.ToArray() },
            limit = k,
            outputFields = new[] { "id" },
            searchParams = new { metricType = "L2", @params = new { ef } },
        });
        using var content = new ByteArrayContent(body);
        using var response = await _http.PostAsync("/v2/vectordb/entities/search", content);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        if (answer.RootElement.GetProperty("code").GetInt32() != 0) throw new BenchException($"REST search: {answer.RootElement.GetRawText()}");
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(hit => Key(hit.GetProperty("id")))];
    }

    private static long Key(JsonElement id) =>
        id.ValueKind == JsonValueKind.String ? long.Parse(id.GetString()!, CultureInfo.InvariantCulture) : id.GetInt64();
}
