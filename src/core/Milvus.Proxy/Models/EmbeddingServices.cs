using System.Collections.Frozen;
using System.Text.Json;

namespace Milvus.Proxy.Models;

/// <summary>The services that embed texts, by the provider names of text embedding functions.</summary>
internal static class EmbeddingServices
{
    private static readonly string[] s_model = ["model_name"];

    public static FrozenDictionary<string, ModelService> All { get; } = new Dictionary<string, ModelService>(StringComparer.Ordinal)
    {
        ["openai"] = new("{url}", "https://api.openai.com/v1/embeddings", 128, OpenAi, ["data"], ["embedding"], "index") { Needs = s_model },
        ["azure_openai"] = new("{url}/openai/deployments/{model_name}/embeddings?api-version=2024-06-01", "", 128, OpenAi, ["data"], ["embedding"], "index")
        {
            Needs = s_model,
            KeyPlace = KeyPlace.Header,
            KeyHeader = "api-key",
        },
        ["siliconflow"] = new("{url}", "https://api.siliconflow.cn/v1/embeddings", 32, OpenAi, ["data"], ["embedding"], "index") { Needs = s_model },
        ["dashscope"] = new("{url}", "https://dashscope.aliyuncs.com/api/v1/services/embeddings/text-embedding/text-embedding", 25, DashScope, ["output", "embeddings"], ["embedding"], "text_index") { Needs = s_model },
        ["voyageai"] = new("{url}", "https://api.voyageai.com/v1/embeddings", 128, Voyage, ["data"], ["embedding"], "index") { Needs = s_model },
        ["cohere"] = new("{url}", "https://api.cohere.com/v2/embed", 96, Cohere, ["embeddings", "float"], []) { Needs = s_model },
        ["tei"] = new("{url}/embed", "", 32, Tei, [], []) { IsOpen = true },
        ["huggingface"] = new("{url}/models/{model_name}/pipeline/feature-extraction", "https://router.huggingface.co/hf-inference", 32, (w, r) => r.WriteTexts(w, "inputs"), [], []) { Needs = s_model },
        ["ollama"] = new("{url}/api/embed", "http://localhost:11434", 64, Ollama, ["embeddings"], []) { Needs = s_model, IsOpen = true },
        ["gemini"] = new("{url}/models/{model_name}:batchEmbedContents", "https://generativelanguage.googleapis.com/v1beta", 100, Gemini, ["embeddings"], ["values"])
        {
            Needs = s_model,
            KeyPlace = KeyPlace.Header,
            KeyHeader = "x-goog-api-key",
        },
        ["vertexai"] = new(
            "{url}/v1/projects/{projectid}/locations/{location}/publishers/google/models/{model_name}:predict", "https://{location}-aiplatform.googleapis.com", 128, VertexAi, ["predictions"], ["embeddings", "values"])
        {
            Needs = ["model_name", "projectid", "location"],
        },
        ["bedrock"] = new("{url}/model/{model_name}/invoke", "https://bedrock-runtime.{region}.amazonaws.com", 1, Bedrock, [], ["embedding"]) { Needs = ["model_name", "region"] },
        ["yandex"] = new("{url}", "https://llm.api.cloud.yandex.net/foundationModels/v1/textEmbedding", 1, Yandex, [], ["embedding"]) { Needs = s_model },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static void OpenAi(Utf8JsonWriter writer, ModelRequest request)
    {
        // Azure takes the model from the address and does not mind it here.
        writer.WriteString("model", request.Model);
        request.WriteTexts(writer, "input");
        request.Write(writer, "dim", "dimensions");
        request.Write(writer, "user");
        writer.WriteString("encoding_format", "float");
    }

    private static void DashScope(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("model", request.Model);
        writer.WriteStartObject("input");
        request.WriteTexts(writer, "texts");
        writer.WriteEndObject();
        writer.WriteStartObject("parameters");
        writer.WriteString("text_type", request.IsQuery ? "query" : "document");
        request.Write(writer, "dim", "dimension");
        writer.WriteEndObject();
    }

    private static void Voyage(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("model", request.Model);
        request.WriteTexts(writer, "input");
        writer.WriteString("input_type", request.IsQuery ? "query" : "document");
        request.Write(writer, "truncation");
        request.Write(writer, "dim", "output_dimension");
        request.Write(writer, "output_dtype");
    }

    private static void Cohere(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("model", request.Model);
        request.WriteTexts(writer, "texts");
        writer.WriteString("input_type", request.IsQuery ? "search_query" : "search_document");
        writer.WriteStartArray("embedding_types");
        writer.WriteStringValue("float");
        writer.WriteEndArray();
        request.Write(writer, "truncate");
    }

    private static void Tei(Utf8JsonWriter writer, ModelRequest request)
    {
        request.WriteTexts(writer, "inputs", request.Param(request.IsQuery ? "search_prompt" : "ingestion_prompt"));
        request.Write(writer, "truncate");
        request.Write(writer, "truncation_direction");
    }

    private static void Ollama(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("model", request.Model);
        request.WriteTexts(writer, "input");
        request.Write(writer, "dim", "dimensions");
    }

    private static void Gemini(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteStartArray("requests");
        foreach (var text in request.Texts)
        {
            writer.WriteStartObject();
            writer.WriteString("model", "models/" + request.Model);
            writer.WriteStartObject("content");
            writer.WriteStartArray("parts");
            writer.WriteStartObject();
            writer.WriteString("text", text);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteString("taskType", request.IsQuery ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT");
            request.Write(writer, "dim", "outputDimensionality");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void VertexAi(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteStartArray("instances");
        foreach (var text in request.Texts)
        {
            writer.WriteStartObject();
            writer.WriteString("task_type", request.IsQuery ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT");
            writer.WriteString("content", text);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartObject("parameters");
        request.Write(writer, "dim", "outputDimensionality");
        writer.WriteEndObject();
    }

    private static void Bedrock(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("inputText", request.Texts[0]);
        request.Write(writer, "dim", "dimensions");
        request.Write(writer, "normalize");
    }

    private static void Yandex(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteString("modelUri", request.Model);
        writer.WriteString("text", request.Texts[0]);
        request.Write(writer, "dim");
    }
}
