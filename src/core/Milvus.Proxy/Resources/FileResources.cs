using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Proxy;

/// <summary>
/// Puts the words of files in the place where analyzer parameters name a file, before a schema is stored: so that what a field means does not change with the file, and every node knows it.
/// Thread-safe.
/// </summary>
/// <param name="files">Where the paths of file resources are found.</param>
public sealed class FileResources(IObjectStore files, Func<Coordinator.Catalog> catalog)
{
    /// <summary>Most bytes of one file: its words become part of the catalogue.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly ImmutableArray<(string File, string List)> s_keys =
        [("stop_words_file", "stop_words"), ("word_list_file", "word_list"), ("synonyms_file", "synonyms"), ("extra_dict_file", "dict")];

    private static readonly JsonSerializerOptions s_json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="MilvusException">1100: there is no such file, or it is too large.</exception>
    public async Task CheckAsync(string path, CancellationToken cancellation) => await LengthAsync(path, cancellation).ConfigureAwait(false);

    /// <summary>The command with the words of all files that its fields name.</summary>
    /// <exception cref="MilvusException">1100: a file is not known or cannot be read.</exception>
    public async ValueTask<CoordinatorCommand> InlineAsync(CoordinatorCommand command, CancellationToken cancellation)
    {
        switch (command)
        {
            case CreateCollection create when create.Schema.Fields.Any(f => NamesFile(f.TypeParams)):
                var fields = ImmutableArray.CreateBuilder<FieldSchema>();
                foreach (var field in create.Schema.Fields) fields.Add(field with { TypeParams = await InlineAsync(field.TypeParams, cancellation).ConfigureAwait(false) });
                return create with { Schema = create.Schema.With(fields: fields.ToImmutable()) };
            case AddField add when NamesFile(add.Field.TypeParams):
                return add with { Field = add.Field with { TypeParams = await InlineAsync(add.Field.TypeParams, cancellation).ConfigureAwait(false) } };
            case AlterField alter when NamesFile(alter.SetParams):
                return alter with { SetParams = await InlineAsync(alter.SetParams, cancellation).ConfigureAwait(false) };
            default:
                return command;
        }
    }

    /// <summary>The parameters with the words of all files that they name.</summary>
    /// <exception cref="MilvusException">1100: a file is not known or cannot be read.</exception>
    public async ValueTask<string> InlineAsync(string analyzerParams, CancellationToken cancellation)
    {
        if (!NamesFile(analyzerParams)) return analyzerParams;
        JsonNode? root;
        try
        {
            // A key given twice would only be noticed when the object is read.
            root = JsonNode.Parse(analyzerParams, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            // Whoever reads the parameters says what is wrong with them.
            return analyzerParams;
        }
        await InlineAsync(root, cancellation).ConfigureAwait(false);
        return root!.ToJsonString(s_json);
    }

    private static bool NamesFile(ImmutableArray<Property> parameters) => parameters.Any(p => p.Key is "analyzer_params" or "multi_analyzer_params" && NamesFile(p.Value));

    private static bool NamesFile(string text) => text.Contains("_file\"", StringComparison.Ordinal);

    private async ValueTask<ImmutableArray<Property>> InlineAsync(ImmutableArray<Property> parameters, CancellationToken cancellation)
    {
        var result = parameters;
        for (var i = 0; i < result.Length; i++)
            if (result[i].Key is "analyzer_params" or "multi_analyzer_params") result = result.SetItem(i, result[i] with { Value = await InlineAsync(result[i].Value, cancellation).ConfigureAwait(false) });
        return result;
    }

    private async ValueTask InlineAsync(JsonNode? node, CancellationToken cancellation)
    {
        if (node is JsonArray list)
            foreach (var item in list) await InlineAsync(item, cancellation).ConfigureAwait(false);
        if (node is not JsonObject settings) return;
        foreach (var (file, words) in s_keys)
        {
            if (settings[file] is not { } named) continue;
            var merged = settings[words] is JsonArray given ? given : words == "dict" ? new JsonArray("_default_") : new JsonArray();
            foreach (var line in await ReadAsync(named, file, cancellation).ConfigureAwait(false))
                // A dictionary's line goes on with frequency and kind, which have no meaning here.
                merged.Add((JsonNode)JsonValue.Create(words == "dict" ? line.Split(' ', '\t')[0] : line)!);
            settings.Remove(file);
            if (merged.Parent is null) settings[words] = merged;
        }
        foreach (var child in settings.Select(p => p.Value).ToList()) await InlineAsync(child, cancellation).ConfigureAwait(false);
    }

    private async Task<string[]> ReadAsync(JsonNode named, string key, CancellationToken cancellation)
    {
        if (named is not JsonObject settings) throw MilvusException.InvalidParameter($"{key} should be an object with type and resource_name");
        var type = (settings["type"] as JsonValue)?.ToString() ?? "remote";
        if (type != "remote") throw MilvusException.InvalidParameter($"unsupported file type {type} of {key}: this server reads file resources only, give type remote and resource_name");
        var name = (settings["resource_name"] as JsonValue)?.ToString() ?? "";
        if (name.Length == 0) throw MilvusException.InvalidParameter($"resource name of remote file `{key}` must be set");
        var file = (settings["file_name"] as JsonValue)?.ToString() ?? "";
        if (file.Length == 0) throw MilvusException.InvalidParameter($"file name of remote file `{key}` must be set");
        var resource = catalog().FindFileResource(name) ?? throw MilvusException.InvalidParameter($"file resource: {name} not found in local resource list");
        var path = resource.Path;
        if (path.EndsWith('/')) path += file;
        await LengthAsync(path, cancellation).ConfigureAwait(false);
        var text = Encoding.UTF8.GetString(await files.ReadAllBytesAsync(path.TrimStart('/'), cancellation).ConfigureAwait(false));
        return [.. text.TrimStart('\uFEFF').Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    private async Task<long> LengthAsync(string path, CancellationToken cancellation)
    {
        // A directory is checked when a file of it is named.
        if (path.EndsWith('/')) return 0;
        var key = path.TrimStart('/');
        if (key.Length == 0) throw new MilvusException(ErrorCode.IoFailed, "Object name cannot be empty: IO failed[key=]") { IsInputError = true };
        if (key.Split('/').Any(part => part is "." or "..")) throw new MilvusException(ErrorCode.IoFailed, $"a path has no . or .. in it: IO failed[key={path}]") { IsInputError = true };
        var length = ObjectKeys.IsValid(key) ? await files.GetLengthAsync(key, cancellation).ConfigureAwait(false) : null;
        if (length is null) throw MilvusException.InvalidParameter($"file resource path not exist: {path}");
        return length.Value <= MaxBytes ? length.Value : throw MilvusException.InvalidParameter($"file resource {path} has {length} bytes, at most {MaxBytes} are supported");
    }
}
