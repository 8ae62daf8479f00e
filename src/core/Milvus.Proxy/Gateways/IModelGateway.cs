using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Which model is asked, and how.</summary>
/// <param name="Provider">Lower case.</param>
/// <param name="Params">The function's parameters as the client gave them: model_name, dim, endpoint, credential …</param>
public sealed record ModelCall(string Provider, ImmutableDictionary<string, string> Params);

/// <summary>What texts are embedded for; many models tell queries from documents.</summary>
public enum EmbeddingPurpose
{
    Document,
    Query,
}

/// <summary>Reaches models that embed or compare texts. Thread-safe.</summary>
public interface IModelGateway
{
    /// <exception cref="MilvusException">1100: no such provider, or a parameter that it needs is missing.</exception>
    void CheckEmbedding(ModelCall call);

    /// <exception cref="MilvusException">1100: as for embeddings.</exception>
    void CheckReranker(ModelCall call);

    /// <summary>One vector per text, each of the same length.</summary>
    /// <exception cref="MilvusException">2: the model does not answer for now. 2400: it refused or gave no usable answer.</exception>
    Task<float[][]> EmbedAsync(ModelCall call, EmbeddingPurpose purpose, IReadOnlyList<string> texts, CancellationToken cancellation);

    /// <summary>One score per text, larger is better.</summary>
    /// <exception cref="MilvusException">2: the model does not answer for now. 2400: it refused or gave no usable answer.</exception>
    Task<double[]> RerankAsync(ModelCall call, string query, IReadOnlyList<string> texts, CancellationToken cancellation);
}
