using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Text.Analyzers.Remote;

/// <summary>Reads the parameters of the tokenizer grpc: <c>endpoint</c>, <c>parameters</c>, <c>tls</c>, <c>default_tokens</c>.</summary>
internal static class GrpcTokenizerParser
{
    private static readonly string[] s_tls = ["domain", "ca_cert", "client_cert", "client_key"];

    /// <exception cref="MilvusException">1100: malformed, or the address is not allowed.</exception>
    public static RemoteTokenizer Parse(JsonElement element, ITokenizerServices? services)
    {
        var settings = new JsonSettings(element, "tokenizer option");
        settings.Allow("type", "endpoint", "parameters", "tls", "default_tokens");
        if (!settings.Has("endpoint"))
            throw MilvusException.InvalidParameter("grpc tokenizer must set endpoint");
        string endpoint = settings.Text("endpoint", "grpc tokenizer endpoint must be string");
        if (endpoint.Length == 0)
            throw MilvusException.InvalidParameter("grpc tokenizer endpoint must not be empty");
        if (!endpoint.StartsWith("http://", StringComparison.Ordinal) && !endpoint.StartsWith("https://", StringComparison.Ordinal))
            throw MilvusException.InvalidParameter("grpc tokenizer endpoint must start with http:// or https://");
        ImmutableArray<TokenizerParameter> parameters = Parameters(element);
        var call = new TokenizerCall(endpoint, parameters, JsonSerializer.Serialize(parameters.Select(p => p.Values.Prepend(p.Key)).Prepend([endpoint]))) { Tls = Tls(settings) };
        RemoteToken[]? standIns = settings.Has("default_tokens") ? StandIns(settings.TextList("default_tokens")) : null;
        if (services is null)
            throw MilvusException.InvalidParameter($"grpc tokenizer endpoint {endpoint} is not allowed on this server: it calls no tokenizer services");
        services.Check(call);
        return new RemoteTokenizer(services, call, standIns);
    }

    private static ImmutableArray<TokenizerParameter> Parameters(JsonElement element)
    {
        if (!element.TryGetProperty("parameters", out JsonElement list))
            return [];
        if (list.ValueKind != JsonValueKind.Array)
            throw MilvusException.InvalidParameter("grpc tokenizer parameters must be array");
        var parameters = ImmutableArray.CreateBuilder<TokenizerParameter>();
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
                throw MilvusException.InvalidParameter("grpc tokenizer parameters item must be object");
            var settings = new JsonSettings(item, "grpc tokenizer parameter");
            if (!settings.Has("key"))
                throw MilvusException.InvalidParameter("grpc tokenizer parameters item must have key");
            if (!settings.Has("values"))
                throw MilvusException.InvalidParameter("grpc tokenizer parameters item must have values");
            parameters.Add(new TokenizerParameter(settings.Text("key", "grpc tokenizer parameters item key must be string"), [.. settings.TextList("values")]));
        }
        return parameters.ToImmutable();
    }

    private static ImmutableDictionary<string, string> Tls(JsonSettings settings)
    {
        var tls = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty member in settings.Entries("tls"))
        {
            if (!s_tls.Contains(member.Name))
                throw MilvusException.InvalidParameter($"unknown grpc tokenizer tls key: {member.Name}");
            tls[member.Name] = settings.Text(member.Value, $"grpc tokenizer tls {member.Name} must be string");
        }
        return tls.ToImmutable();
    }

    /// <summary>The tokens as if they stood in one text with a blank between them.</summary>
    private static RemoteToken[] StandIns(List<string> words)
    {
        var tokens = new RemoteToken[words.Count];
        int at = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            byte[] text = Encoding.UTF8.GetBytes(words[i]);
            tokens[i] = new RemoteToken(text, at, at + text.Length, i, words[i].EnumerateRunes().Count());
            at += text.Length + 1;
        }
        return tokens;
    }
}
