using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Models;

/// <summary>One request to a model: what its parts are made from.</summary>
/// <param name="Texts">Texts to embed, or the documents to score.</param>
/// <param name="Query">What documents are scored against; null for embeddings.</param>
internal sealed record ModelRequest(ModelCall Call, EmbeddingPurpose Purpose, IReadOnlyList<string> Texts, string? Query = null)
{
    private ImmutableDictionary<string, string> Params => Call.Params;

    public bool IsQuery => Purpose == EmbeddingPurpose.Query;

    public string Model => Params.GetValueOrDefault("model_name", Params.GetValueOrDefault("model", ""));

    public string Param(string key, string usual = "") => Params.GetValueOrDefault(key, usual);

    /// <summary>Writes a member when the function has the parameter: numbers and booleans as such, anything else as text.</summary>
    public void Write(Utf8JsonWriter writer, string parameter, string? member = null)
    {
        if (!Params.TryGetValue(parameter, out var text) || text.Length == 0) return;
        writer.WritePropertyName(member ?? parameter);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) writer.WriteNumberValue(number);
        else if (bool.TryParse(text, out var flag)) writer.WriteBooleanValue(flag);
        else writer.WriteStringValue(text);
    }

    public void WriteTexts(Utf8JsonWriter writer, string member, string prefix = "")
    {
        writer.WriteStartArray(member);
        foreach (var text in Texts) writer.WriteStringValue(prefix + text);
        writer.WriteEndArray();
    }
}

/// <summary>How a provider is told who asks.</summary>
internal enum KeyPlace
{
    /// <summary>An <c>Authorization: Bearer</c> header.</summary>
    Bearer,

    /// <summary>A header of the provider's own.</summary>
    Header,
}

/// <summary>
/// How one provider's service is spoken to. The services differ in addresses, names of members and where in the answer the numbers are; that is all
/// there is here.
/// </summary>
/// <param name="Url">Where to send requests: <c>{url}</c> stands for the address (the operator's, the function's endpoint or the usual one), <c>{x}</c> for the function's parameter x.</param>
/// <param name="UsualUrl">Empty when the function or the operator must give one.</param>
/// <param name="Batch">Texts of one request.</param>
/// <param name="Write">Writes the members of the request's object.</param>
/// <param name="Items">Members that lead to the list of results; empty when the answer is the list.</param>
/// <param name="Value">Members that lead from a result to its vector or score; empty when it is one.</param>
/// <param name="Index">The member of a result that says which text it is for; null when they come in order.</param>
internal sealed record ModelService(
    string Url, string UsualUrl, int Batch, Action<Utf8JsonWriter, ModelRequest> Write, string[] Items, string[] Value, string? Index = null)
{
    public KeyPlace KeyPlace { get; init; } = KeyPlace.Bearer;

    public string KeyHeader { get; init; } = "Authorization";

    /// <summary>Parameters that the function must have.</summary>
    public string[] Needs { get; init; } = [];

    /// <summary>Functions work without an API key.</summary>
    public bool IsOpen { get; init; }
}
