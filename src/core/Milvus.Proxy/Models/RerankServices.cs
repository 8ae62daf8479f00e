using System.Collections.Frozen;
using System.Text.Json;

namespace Milvus.Proxy.Models;

/// <summary>The services that score texts against a query, by the provider names of model rerankers.</summary>
internal static class RerankServices
{
    private static readonly string[] s_model = ["model_name"];
    private static readonly string[] s_score = ["relevance_score"];

    public static FrozenDictionary<string, ModelService> All { get; } = new Dictionary<string, ModelService>(StringComparer.Ordinal)
    {
        ["tei"] = new("{url}/rerank", "", 32, Tei, [], ["score"], "index") { IsOpen = true },
        ["huggingface"] = new("{url}/rerank", "", 32, Tei, [], ["score"], "index"),
        ["vllm"] = new("{url}/v2/rerank", "", 32, (w, r) => Documents(w, r, "truncate_prompt_tokens"), ["results"], s_score, "index") { IsOpen = true },
        ["cohere"] = new("{url}", "https://api.cohere.com/v2/rerank", 128, (w, r) => Documents(w, r, "max_tokens_per_doc"), ["results"], s_score, "index") { Needs = s_model },
        ["siliconflow"] = new("{url}", "https://api.siliconflow.cn/v1/rerank", 128, (w, r) => Documents(w, r, "max_chunks_per_doc", "overlap_tokens"), ["results"], s_score, "index") { Needs = s_model },
        ["voyageai"] = new("{url}", "https://api.voyageai.com/v1/rerank", 128, (w, r) => Documents(w, r, "truncation"), ["data"], s_score, "index") { Needs = s_model },
        ["ali"] = new("{url}", "https://dashscope.aliyuncs.com/api/v1/services/rerank/text-rerank/text-rerank", 128, Ali, ["output", "results"], s_score, "index") { Needs = s_model },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static void Tei(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("query", request.Query);
        request.WriteTexts(writer, "texts");
        request.Write(writer, "truncate");
        request.Write(writer, "truncation_direction");
    }

    private static void Documents(Utf8JsonWriter writer, ModelRequest request, params ReadOnlySpan<string> options)
    {
        if (request.Model.Length > 0) writer.WriteString("model", request.Model);
        writer.WriteString("query", request.Query);
        request.WriteTexts(writer, "documents");
        foreach (var option in options) request.Write(writer, option);
    }

    private static void Ali(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("model", request.Model);
        writer.WriteStartObject("input");
        writer.WriteString("query", request.Query);
        request.WriteTexts(writer, "documents");
        writer.WriteEndObject();
    }
}
