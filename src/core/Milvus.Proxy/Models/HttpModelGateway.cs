using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Models;

/// <summary>
/// Asks models over HTTP: texts in batches, several batches one after another, requests that fail by the network or by the service's load again. Thread-safe.
/// </summary>
public sealed class HttpModelGateway : IModelGateway, IDisposable
{
    private const int FirstPauseMs = 200;
    private const int MaxAnswerBytes = 64 << 20;
    private const int ShownErrorChars = 512;

    private readonly ModelOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="handler">What carries requests; null for the network.</param>
    public HttpModelGateway(ModelOptions options, TimeProvider time, HttpMessageHandler? handler = null)
    {
        _options = options;
        _time = time;
        _http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false }) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    public void CheckEmbedding(ModelCall call) => Resolve(EmbeddingServices.All, call, "text embedding");

    public void CheckReranker(ModelCall call) => Resolve(RerankServices.All, call, "rerank");

    public async Task<float[][]> EmbedAsync(ModelCall call, EmbeddingPurpose purpose, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var place = Resolve(EmbeddingServices.All, call, "text embedding");
        var vectors = new float[texts.Count][];
        await AskAsync(place, new ModelRequest(call, purpose, texts), (at, value) => vectors[at] = Vector(value), cancellation).ConfigureAwait(false);
        foreach (var vector in vectors)
            if (vector is null || vector.Length != vectors[0].Length) throw Failed(call, "the answer does not hold one vector per text");
        return vectors;
    }

    public async Task<double[]> RerankAsync(ModelCall call, string query, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var place = Resolve(RerankServices.All, call, "rerank");
        var scores = new double?[texts.Count];
        await AskAsync(place, new ModelRequest(call, EmbeddingPurpose.Query, texts, query), (at, value) => scores[at] = value.GetDouble(), cancellation).ConfigureAwait(false);
        return Array.ConvertAll(scores, s => s ?? throw Failed(call, "the answer does not hold one score per text"));
    }

    public void Dispose() => _http.Dispose();

    private static float[] Vector(JsonElement value)
    {
        var vector = new float[value.GetArrayLength()];
        var next = 0;
        foreach (var item in value.EnumerateArray()) vector[next++] = item.GetSingle();
        return vector;
    }

    /// <param name="Service">How it is spoken to.</param>
    /// <param name="Url">Where.</param>
    /// <param name="ApiKey">Empty for none.</param>
    private sealed record Place(ModelService Service, Uri Url, string ApiKey, int Batch);

    private Place Resolve(FrozenDictionary<string, ModelService> services, ModelCall call, string kind)
    {
        var reranks = services == RerankServices.All;
        if (call.Provider.Length == 0 && !reranks) throw MilvusException.InvalidParameter($"the {kind} service provider parameter is not set");
        if (!services.TryGetValue(call.Provider, out var service))
            throw MilvusException.InvalidParameter(reranks ? $"unknown rerank model provider:{call.Provider}" : $"unsupported {kind} service provider: [{call.Provider}]");
        var settings = _options.Providers.GetValueOrDefault(call.Provider) ?? new ProviderSettings();
        if (!settings.IsEnabled) throw MilvusException.InvalidParameter($"{kind} provider [{call.Provider}] is disabled");
        var request = new ModelRequest(call, EmbeddingPurpose.Document, []);
        foreach (var need in service.Needs)
            if (request.Param(need).Length == 0 && !(need == "model_name" && request.Model.Length > 0))
                throw MilvusException.InvalidParameter($"{call.Provider}: parameter {need} is required");
        var given = request.Param("endpoint", request.Param("url"));
        var address = settings.Url.Length > 0 ? settings.Url : given.Length > 0 ? given : service.UsualUrl;
        if (address.Length == 0 && !reranks) throw MilvusException.InvalidParameter($"{call.Provider}: parameter endpoint is required");
        var text = Fill(service.Url.Replace("{url}", address.TrimEnd('/'), StringComparison.Ordinal), request);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) throw MilvusException.InvalidParameter($"endpoint: [{address}] is not a valid http/https link");
        return new Place(service, url, KeyOf(call, service, settings, request), Batch(service, request));
    }

    private string KeyOf(ModelCall call, ModelService service, ProviderSettings settings, ModelRequest request)
    {
        // The operator's key goes to the operator's address or the usual one, never to an address that a user chose.
        var credential = request.Param("credential");
        if (credential.Length > 0)
            return _options.Credentials.GetValueOrDefault(credential) ?? throw MilvusException.InvalidParameter($"credential {credential} is not configured on the server");
        var isUsersAddress = settings.Url.Length == 0 && request.Param("endpoint", request.Param("url")).Length > 0;
        if (settings.ApiKey.Length > 0 && !isUsersAddress) return settings.ApiKey;
        return service.IsOpen || isUsersAddress ? "" : throw MilvusException.InvalidParameter($"{call.Provider}: no API key is configured on the server for this provider");
    }

    private static int Batch(ModelService service, ModelRequest request) =>
        int.TryParse(request.Param("max_client_batch_size"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0 ? Math.Min(given, 1024) : service.Batch;

    private static string Fill(string url, ModelRequest request)
    {
        var filled = new StringBuilder();
        for (var i = 0; i < url.Length; i++)
        {
            var end = url[i] == '{' ? url.IndexOf('}', i) : -1;
            if (end < 0)
            {
                filled.Append(url[i]);
                continue;
            }
            var name = url[(i + 1)..end];
            filled.Append(Uri.EscapeDataString(name == "model_name" ? request.Model : request.Param(name)));
            i = end;
        }
        return filled.ToString();
    }

    private async Task AskAsync(Place place, ModelRequest request, Action<int, JsonElement> take, CancellationToken cancellation)
    {
        for (var from = 0; from < request.Texts.Count; from += place.Batch)
        {
            var count = Math.Min(place.Batch, request.Texts.Count - from);
            var batch = request with { Texts = [.. request.Texts.Skip(from).Take(count)] };
            using var answer = await SendAsync(place, batch, cancellation).ConfigureAwait(false);
            try
            {
                Read(place.Service, answer.RootElement, from, count, take);
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or IndexOutOfRangeException)
            {
                throw Failed(request.Call, $"the answer has another form than expected: {e.Message}", e);
            }
        }
    }

    private static void Read(ModelService service, JsonElement answer, int from, int count, Action<int, JsonElement> take)
    {
        var items = At(answer, service.Items);
        // A service that takes one text at a time answers without a list.
        if (service.Batch == 1)
        {
            take(from, At(items, service.Value));
            return;
        }
        var next = 0;
        foreach (var item in items.EnumerateArray())
        {
            var index = service.Index is { } member ? item.GetProperty(member).GetInt32() : next;
            if ((uint)index >= (uint)count) throw new FormatException($"a result for text {index} of {count}");
            take(from + index, At(item, service.Value));
            next++;
        }
    }

    private static JsonElement At(JsonElement element, string[] members)
    {
        foreach (var member in members) element = element.GetProperty(member);
        return element;
    }

    private async Task<JsonDocument> SendAsync(Place place, ModelRequest request, CancellationToken cancellation)
    {
        var body = Body(place.Service, request);
        for (var attempt = 1; ; attempt++)
        {
            var (answer, problem, isWorthAnother) = await TryAsync(place, body, cancellation).ConfigureAwait(false);
            if (answer is not null) return answer;
            if (!isWorthAnother) throw Failed(request.Call, problem);
            if (attempt >= _options.Attempts) throw Away(request.Call, problem);
            await Task.Delay(TimeSpan.FromMilliseconds(FirstPauseMs << (attempt - 1)), _time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<(JsonDocument? Answer, string Problem, bool IsWorthAnother)> TryAsync(Place place, byte[] body, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, place.Url) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (place.ApiKey.Length > 0) message.Headers.TryAddWithoutValidation(place.Service.KeyHeader, place.Service.KeyPlace == KeyPlace.Bearer ? "Bearer " + place.ApiKey : place.ApiKey);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(_options.TimeoutMs), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var response = await _http.SendAsync(message, either.Token).ConfigureAwait(false);
            var content = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return (JsonDocument.Parse(content), "", false);
            var text = Encoding.UTF8.GetString(content);
            var shown = text.Length <= ShownErrorChars ? text : text[..ShownErrorChars];
            return (null, $"HTTP {(int)response.StatusCode} {shown}", response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError);
        }
        catch (JsonException e)
        {
            return (null, $"the answer is no JSON: {e.Message}", false);
        }
        catch (HttpRequestException e)
        {
            return (null, e.Message, true);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"no answer within {_options.TimeoutMs} ms", true);
        }
    }

    private static byte[] Body(ModelService service, ModelRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            service.Write(writer, request);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static ModelAwayException Away(ModelCall call, string problem) =>
        new($"call service failed, provider {call.Provider}: {problem}: service unavailable");

    private static MilvusException Failed(ModelCall call, string problem, Exception? cause = null) =>
        new(ErrorCode.FunctionFailed, $"call service failed, provider {call.Provider}: {problem}: function execution failed", cause);
}
