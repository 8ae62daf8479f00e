using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using Milvus.Model;
using Milvus.Proxy.Models;

namespace Milvus.Proxy.Tests.Models;

/// <summary>Requests to providers of models and what is made of their answers; no network is involved.</summary>
public sealed class HttpModelGatewayTests
{
    private const string Key = "secret";

    private static readonly string[] s_texts = ["one", "two", "three"];

    /// <summary>Answers by a function of the request's body, and remembers requests.</summary>
    private sealed class Service(Func<JsonElement, (HttpStatusCode Status, string Body)> answer) : HttpMessageHandler
    {
        public List<(Uri Url, string Key, JsonElement Body)> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken)).RootElement;
            var key = request.Headers.FirstOrDefault(h => h.Value.Any(v => v.Contains(Key, StringComparison.Ordinal)));
            Requests.Add((request.RequestUri!, key.Key is null ? "" : $"{key.Key}: {key.Value.Single()}", body));
            var (status, text) = answer(body);
            return new HttpResponseMessage(status) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
        }
    }

    private static HttpModelGateway Gateway(Service service, string provider = "", string url = "", ModelOptions? options = null) => new(
        options ?? new ModelOptions { Providers = ImmutableDictionary<string, ProviderSettings>.Empty.Add(provider, new ProviderSettings(Key, url)), Attempts = 1 },
        TimeProvider.System,
        service);

    private static ModelCall Call(string provider, params (string, string)[] parameters) => new(provider, Model.Given.Params(parameters));

    private static (HttpStatusCode, string) Ok(string body) => (HttpStatusCode.OK, body);

    public static TheoryData<string, string, string, string, string, string> Embedders => new()
    {
        { "openai", "https://api.openai.com/v1/embeddings", "Authorization: Bearer secret", "input", "{\"data\":[{\"index\":1,\"embedding\":[2,0]},{\"index\":0,\"embedding\":[1,0]},{\"index\":2,\"embedding\":[3,0]}]}", "" },
        { "azure_openai", "https://me.openai.azure.com/openai/deployments/m/embeddings?api-version=2024-06-01", "api-key: secret", "input", "{\"data\":[{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[2,0]},{\"index\":2,\"embedding\":[3,0]}]}", "https://me.openai.azure.com" },
        { "siliconflow", "https://api.siliconflow.cn/v1/embeddings", "Authorization: Bearer secret", "input", "{\"data\":[{\"index\":0,\"embedding\":[1,0]},{\"index\":1,\"embedding\":[2,0]},{\"index\":2,\"embedding\":[3,0]}]}", "" },
        { "dashscope", "https://dashscope.aliyuncs.com/api/v1/services/embeddings/text-embedding/text-embedding", "Authorization: Bearer secret", "input.texts", "{\"output\":{\"embeddings\":[{\"text_index\":0,\"embedding\":[1,0]},{\"text_index\":1,\"embedding\":[2,0]},{\"text_index\":2,\"embedding\":[3,0]}]}}", "" },
        { "voyageai", "https://api.voyageai.com/v1/embeddings", "Authorization: Bearer secret", "input", "{\"data\":[{\"index\":2,\"embedding\":[3,0]},{\"index\":1,\"embedding\":[2,0]},{\"index\":0,\"embedding\":[1,0]}]}", "" },
        { "cohere", "https://api.cohere.com/v2/embed", "Authorization: Bearer secret", "texts", "{\"embeddings\":{\"float\":[[1,0],[2,0],[3,0]]}}", "" },
        { "tei", "http://tei/embed", "Authorization: Bearer secret", "inputs", "[[1,0],[2,0],[3,0]]", "http://tei:80" },
        { "huggingface", "https://router.huggingface.co/hf-inference/models/m/pipeline/feature-extraction", "Authorization: Bearer secret", "inputs", "[[1,0],[2,0],[3,0]]", "" },
        { "ollama", "http://localhost:11434/api/embed", "Authorization: Bearer secret", "input", "{\"embeddings\":[[1,0],[2,0],[3,0]]}", "" },
        { "vertexai", "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google/models/m:predict", "Authorization: Bearer secret", "", "{\"predictions\":[{\"embeddings\":{\"values\":[1,0]}},{\"embeddings\":{\"values\":[2,0]}},{\"embeddings\":{\"values\":[3,0]}}]}", "" },
        { "gemini", "https://generativelanguage.googleapis.com/v1beta/models/m:batchEmbedContents", "x-goog-api-key: secret", "", "{\"embeddings\":[{\"values\":[1,0]},{\"values\":[2,0]},{\"values\":[3,0]}]}", "" },
    };

    [Theory]
    [MemberData(nameof(Embedders))]
    public async Task Every_provider_is_asked_in_its_own_words(string provider, string url, string key, string member, string answer, string address)
    {
        var service = new Service(_ => Ok(answer));
        using var gateway = Gateway(service, provider, address);
        var vectors = await gateway.EmbedAsync(
            Call(provider, ("model_name", "m"), ("dim", "2"), ("projectid", "p"), ("location", "eu")), EmbeddingPurpose.Document, s_texts, default);
        Assert.Equal([1f, 2, 3], vectors.Select(v => v[0]));
        var (asked, header, body) = Assert.Single(service.Requests);
        Assert.Equal((url, key), (asked.AbsoluteUri, header));
        if (member.Length == 0) return;
        foreach (var step in member.Split('.')) body = body.GetProperty(step);
        Assert.Equal(s_texts, body.EnumerateArray().Select(t => t.GetString()));
    }

    [Theory]
    [InlineData("bedrock", "https://bedrock-runtime.us.amazonaws.com/model/m/invoke", "inputText")]
    [InlineData("yandex", "https://llm.api.cloud.yandex.net/foundationModels/v1/textEmbedding", "text")]
    public async Task Providers_that_take_one_text_get_one_after_another(string provider, string url, string member)
    {
        var service = new Service(b => Ok($"{{\"embedding\":[{b.GetProperty(member).GetString()!.Length}]}}"));
        using var gateway = Gateway(service, provider);
        var vectors = await gateway.EmbedAsync(Call(provider, ("model_name", "m"), ("region", "us")), EmbeddingPurpose.Query, s_texts, default);
        Assert.Equal([3f, 3, 5], vectors.Select(v => v[0]));
        Assert.All(service.Requests, r => Assert.Equal(url, r.Url.AbsoluteUri));
    }

    [Theory]
    [InlineData("tei", "http://x/rerank", "texts", "[{\"index\":2,\"score\":0.3},{\"index\":0,\"score\":0.1},{\"index\":1,\"score\":0.2}]", "http://x/")]
    [InlineData("vllm", "http://x/v2/rerank", "documents", "{\"results\":[{\"index\":2,\"relevance_score\":0.3},{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}", "http://x")]
    [InlineData("cohere", "https://api.cohere.com/v2/rerank", "documents", "{\"results\":[{\"index\":2,\"relevance_score\":0.3},{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}", "")]
    [InlineData("siliconflow", "https://api.siliconflow.cn/v1/rerank", "documents", "{\"results\":[{\"index\":2,\"relevance_score\":0.3},{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}", "")]
    [InlineData("voyageai", "https://api.voyageai.com/v1/rerank", "documents", "{\"data\":[{\"index\":2,\"relevance_score\":0.3},{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}", "")]
    [InlineData("ali", "https://dashscope.aliyuncs.com/api/v1/services/rerank/text-rerank/text-rerank", "input", "{\"output\":{\"results\":[{\"index\":2,\"relevance_score\":0.3},{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}}", "")]
    public async Task Rerankers_are_asked_in_their_own_words(string provider, string url, string member, string answer, string endpoint)
    {
        var service = new Service(_ => Ok(answer));
        using var gateway = Gateway(service, provider);
        var scores = await gateway.RerankAsync(Call(provider, ("model_name", "m"), ("endpoint", endpoint)), "what?", s_texts, default);
        Assert.Equal([0.1, 0.2, 0.3], scores);
        var (asked, _, body) = Assert.Single(service.Requests);
        Assert.Equal(url, asked.AbsoluteUri);
        Assert.True(body.TryGetProperty(member, out _));
    }

    [Fact]
    public async Task Many_texts_go_in_batches()
    {
        var service = new Service(b => Ok($"[{string.Join(',', b.GetProperty("inputs").EnumerateArray().Select(t => $"[{t.GetString()}]"))}]"));
        using var gateway = Gateway(service);
        var texts = Enumerable.Range(0, 70).Select(i => $"{i}").ToArray();
        var vectors = await gateway.EmbedAsync(Call("tei", ("endpoint", "http://x"), ("max_client_batch_size", "30")), EmbeddingPurpose.Document, texts, default);
        Assert.Equal(Enumerable.Range(0, 70).Select(i => (float)i), vectors.Select(v => v[0]));
        Assert.Equal([30, 30, 10], service.Requests.Select(r => r.Body.GetProperty("inputs").GetArrayLength()));
    }

    [Fact]
    public async Task Keys_do_not_leave_for_addresses_that_users_chose()
    {
        var service = new Service(_ => Ok("{\"data\":[{\"index\":0,\"embedding\":[1]}]}"));
        using (var gateway = Gateway(service, "openai"))
            await gateway.EmbedAsync(Call("openai", ("model_name", "m"), ("url", "http://elsewhere/embed")), EmbeddingPurpose.Document, ["x"], default);
        Assert.Equal("", service.Requests[0].Key);
        var options = new ModelOptions { Credentials = ImmutableDictionary<string, string>.Empty.Add("mine", "secret2") };
        using (var gateway = Gateway(service, options: options))
        {
            await gateway.EmbedAsync(Call("openai", ("model_name", "m"), ("credential", "mine")), EmbeddingPurpose.Document, ["x"], default);
            await Model.World.RefusedAsync("credential other is not configured", () => gateway.EmbedAsync(Call("openai", ("model_name", "m"), ("credential", "other")), EmbeddingPurpose.Document, ["x"], default));
            await Model.World.RefusedAsync("no API key is configured", () => gateway.EmbedAsync(Call("openai", ("model_name", "m")), EmbeddingPurpose.Document, ["x"], default));
        }
        Assert.Equal("Authorization: Bearer secret2", service.Requests[1].Key);
    }

    [Fact]
    public void Functions_are_checked_without_asking_anybody()
    {
        using var gateway = Gateway(new Service(_ => throw new InvalidOperationException("nobody is asked")), options: new ModelOptions
        {
            Providers = ImmutableDictionary<string, ProviderSettings>.Empty.Add("cohere", new ProviderSettings(Key, IsEnabled: false)),
        });
        Refused("provider parameter is not set", Call(""));
        Refused("unsupported text embedding service provider: [abc]", Call("abc"));
        Refused("parameter model_name is required", Call("openai"));
        Refused("parameter endpoint is required", Call("tei"));
        Refused("endpoint: [ftp://x] is not a valid http/https link", Call("tei", ("endpoint", "ftp://x")));
        Refused("provider [cohere] is disabled", Call("cohere", ("model_name", "m")));
        gateway.CheckEmbedding(Call("tei", ("endpoint", "http://x")));
        gateway.CheckReranker(Call("vllm", ("endpoint", "http://x")));
        Assert.Contains("unknown rerank model provider:", Assert.Throws<MilvusException>(() => gateway.CheckReranker(Call(""))).Message, StringComparison.Ordinal);
        Assert.Contains("endpoint: [] is not a valid http/https link", Assert.Throws<MilvusException>(() => gateway.CheckReranker(Call("tei"))).Message, StringComparison.Ordinal);

        void Refused(string text, ModelCall call) => Assert.Contains(text, Assert.Throws<MilvusException>(() => gateway.CheckEmbedding(call)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[1],[2]]", "one vector per text")]
    [InlineData("[[1],[2],[3,4]]", "one vector per text")]
    [InlineData("[[1],[2],[3],[4]]", "another form than expected")]
    [InlineData("{\"error\":\"x\"}", "another form than expected")]
    [InlineData("[[1],[\"a\"],[3]]", "another form than expected")]
    [InlineData("not json", "is no JSON")]
    public async Task Answers_that_make_no_sense_fail_the_function(string answer, string problem)
    {
        using var gateway = Gateway(new Service(_ => Ok(answer)));
        await Model.World.RefusedAsync(ErrorCode.FunctionFailed, problem, () => gateway.EmbedAsync(Call("tei", ("endpoint", "http://x")), EmbeddingPurpose.Document, s_texts, default));
    }

    [Fact]
    public async Task Services_under_load_are_asked_again_and_refusals_are_final()
    {
        var left = 2;
        var options = new ModelOptions { Attempts = 3 };
        var busy = new Service(_ => left-- > 0 ? (HttpStatusCode.TooManyRequests, "slow down") : Ok("[[1]]"));
        using (var gateway = Gateway(busy, options: options))
            Assert.Single(await gateway.EmbedAsync(Call("tei", ("endpoint", "http://x")), EmbeddingPurpose.Document, ["x"], default));
        Assert.Equal(3, busy.Requests.Count);
        var refusing = new Service(_ => (HttpStatusCode.Unauthorized, "who are you?"));
        using (var gateway = Gateway(refusing, options: options))
            await Model.World.RefusedAsync(ErrorCode.FunctionFailed, "HTTP 401 who are you?", () => gateway.EmbedAsync(Call("tei", ("endpoint", "http://x")), EmbeddingPurpose.Document, ["x"], default));
        Assert.Single(refusing.Requests);
        var down = new Service(_ => (HttpStatusCode.BadGateway, "gone"));
        using (var gateway = Gateway(down, options: new ModelOptions { Attempts = 1 }))
            await Model.World.RefusedAsync(ErrorCode.ServiceUnavailable, "HTTP 502 gone", () => gateway.EmbedAsync(Call("tei", ("endpoint", "http://x")), EmbeddingPurpose.Document, ["x"], default));
    }
}
