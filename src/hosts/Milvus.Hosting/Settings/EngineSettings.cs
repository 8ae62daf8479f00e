using System.Globalization;
using Milvus.Embedded;
using Milvus.QueryNode;
using Milvus.Text.Analyzers;
using Milvus.Text.Analyzers.Morphology;

namespace Milvus.Hosting.Settings;

/// <summary>Settings of the engine, the same in every program that hosts it.</summary>
public static class EngineSettings
{
    /// <param name="get">The engine's options among the program's.</param>
    /// <param name="with">The program's settings with other engine options.</param>
    public static IEnumerable<SettingKey<T>> Keys<T>(Func<T, EngineOptions> get, Func<T, EngineOptions, T> with)
    {
        SettingKey<T> Key(string name, string help, string expects, Func<EngineOptions, string, EngineOptions> apply) =>
            new(name, help, expects, (s, v) => with(s, apply(get(s), v)));

        yield return Key("memory-limit", "bytes that loaded segments may take, such as 8g (default 70 % of the memory)", "a size such as 512m or 8g", (e, v) => e with { MemoryLimitBytes = SettingText.Size(v) });
        yield return Key("mmap", "whether vectors of sealed segments stay in files that are mapped: true, false, or auto for those of indexes searched by codes (default auto); mmap.enabled of collection, field or index counts before it", "true, false or auto", (e, v) => e with { Placement = e.Placement with { Mapping = Mapping(v) } });
        yield return Key("mmap-directory", "directory, on a disk, for copies of vectors that cannot be mapped where they are stored (default mmap in the data directory)", "a path", (e, v) => e with { Placement = e.Placement with { CopyDirectory = SettingText.NotEmpty(v) } });
        yield return Key("segment-max-bytes", "payload after which a growing segment is sealed (default 512m)", "a size up to 1g", (e, v) => e with { Channel = e.Channel with { MaxSegmentBytes = SettingText.Size(v) } });
        yield return Key("segment-max-age", "seconds after which a growing segment is sealed (default 600)", "a number of seconds", (e, v) => e with { Channel = e.Channel with { MaxGrowingAgeMs = SettingText.Seconds(v) } });
        yield return Key("tombstone-retention", "seconds that deleted rows stay before compaction removes them (default 60)", "a number of seconds", (e, v) => e with { TombstoneRetentionMs = SettingText.Seconds(v) });
        yield return Key("build-threads", "threads that build one index (default: all cores)", "a number", (e, v) => e with { BuildThreads = int.Parse(v, CultureInfo.InvariantCulture) });
        yield return Key("model-providers", "JSON file with API keys and addresses of the providers that embedding functions and model rerankers ask", "the path of a readable JSON file of providers", (e, v) => e with { Models = ModelProviders.Read(v) });
        yield return Key("dictionaries", "directory with the dictionaries of the tokenizer lindera, one directory per dict_kind in it", "the path of a directory that exists", (e, v) => e with { Analyzers = (e.Analyzers ?? new AnalyzerSources()) with { Dictionaries = new DictionaryDirectory(SettingText.Directory(v)) } });
        yield return Key("tokenizer-services", "JSON file with the tokenizer services that analyzers may name", "the path of a readable JSON file of tokenizer services", (e, v) => e with { Analyzers = (e.Analyzers ?? new AnalyzerSources()) with { Services = TokenizerServices.Read(v) } });
        yield return Key("auto-compaction", "true to compact without being asked (default true)", "true or false", (e, v) => e with { AutoCompaction = bool.Parse(v) });
    }

    private static MappingMode Mapping(string text) => text.ToLowerInvariant() switch
    {
        "auto" => MappingMode.Auto,
        "true" => MappingMode.Always,
        "false" => MappingMode.Never,
        _ => throw new FormatException(),
    };
}
