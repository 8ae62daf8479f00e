using System.Collections.Immutable;

namespace Milvus.Api.Import;

internal enum ImportFileKind
{
    Json,
    JsonLines,
    Csv,
    Parquet,

    /// <summary>A file per column, named after its field.</summary>
    Numpy,
}

internal static class ImportFileKinds
{
    /// <summary>The kind of a file by its name's ending, as Milvus tells them apart.</summary>
    /// <exception cref="Model.MilvusException">2100: unknown, mixed, or not readable by this server.</exception>
    public static ImportFileKind Of(ImmutableArray<string> paths)
    {
        var kind = Path.GetExtension(paths[0]);
        foreach (var path in paths)
            if (Normal(Path.GetExtension(path)) != Normal(kind)) throw ImportFailures.Of($"inconsistency in file types, ({paths[0]}) vs ({path})");
        return kind switch
        {
            ".json" => Single(paths, ImportFileKind.Json, "JSON"),
            ".jsonl" or ".ndjson" => Single(paths, ImportFileKind.JsonLines, "JSON"),
            ".csv" => Single(paths, ImportFileKind.Csv, "CSV"),
            ".parquet" => Single(paths, ImportFileKind.Parquet, "Parquet"),
            ".npy" => ImportFileKind.Numpy,
            _ => throw ImportFailures.Of($"unexpected file type, files=[{string.Join(' ', paths)}]"),
        };
    }

    private static string Normal(string extension) => extension == ".ndjson" ? ".jsonl" : extension;

    private static ImportFileKind Single(ImmutableArray<string> paths, ImportFileKind kind, string name) =>
        paths.Length == 1 ? kind : throw ImportFailures.Of($"for {name} import, accepts only one file");
}
