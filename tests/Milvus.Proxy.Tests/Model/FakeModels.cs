using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

/// <summary>A model that everybody can follow: a text's vector is its length and its number of vowels, its score against a query the number of common letters.</summary>
internal sealed class FakeModels : IModelGateway
{
    public List<(EmbeddingPurpose Purpose, string[] Texts)> Embedded { get; } = [];

    public bool IsDown { get; set; }

    public void CheckEmbedding(ModelCall call)
    {
        if (call.Provider != "fake") throw MilvusException.InvalidParameter($"unsupported text embedding service provider: [{call.Provider}]");
    }

    public void CheckReranker(ModelCall call) => CheckEmbedding(call);

    public Task<float[][]> EmbedAsync(ModelCall call, EmbeddingPurpose purpose, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        if (IsDown) throw new ModelAwayException("down");
        Embedded.Add((purpose, [.. texts]));
        return Task.FromResult(texts.Select(t => new float[] { t.Length, t.Count("aeiou".Contains) }).ToArray());
    }

    public Task<double[]> RerankAsync(ModelCall call, string query, IReadOnlyList<string> texts, CancellationToken cancellation) =>
        IsDown ? throw new ModelAwayException("down") : Task.FromResult(texts.Select(t => (double)t.Distinct().Count(query.Contains)).ToArray());
}
