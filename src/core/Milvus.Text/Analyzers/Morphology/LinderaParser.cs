using System.Text.Json;
using Milvus.Model;
using Milvus.Text.Analyzers.Tokenizers;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>Reads the parameters of the tokenizer lindera: <c>dict_kind</c>, <c>mode</c> and its own <c>filter</c> list.</summary>
internal static class LinderaParser
{
    private const int JapaneseTagFields = 4;

    /// <exception cref="MilvusException">1100: malformed, or the dictionary is not there.</exception>
    public static LinderaTokenizer Parse(JsonElement element, DictionaryDirectory? dictionaries)
    {
        var settings = new JsonSettings(element, "tokenizer option");
        settings.Allow("type", "dict_kind", "mode", "filter");
        if (!settings.Has("dict_kind"))
            throw MilvusException.InvalidParameter("lindera tokenizer dict_kind must be set");
        string name = settings.Text("dict_kind", "lindera tokenizer dict kind should be string");
        DictionaryKind kind = DictionaryKind.Find(name) ?? throw MilvusException.InvalidParameter($"unsupported lindera dict type: {name}");
        string mode = settings.Has("mode") ? settings.Text("mode", "lindera mode should be string") : "normal";
        if (mode is not ("normal" or "decompose"))
            throw MilvusException.InvalidParameter($"lindera mode should be normal or decompose, but got {mode}");
        List<MorphemeFilter> filters = Filters(element, kind);
        if (dictionaries is null)
            throw MilvusException.InvalidParameter($"lindera dict_kind {name} is not available on this server: it has no directory of dictionaries");
        return new LinderaTokenizer(dictionaries.Find(kind), mode == "decompose", [.. filters]);
    }

    private static List<MorphemeFilter> Filters(JsonElement element, DictionaryKind kind)
    {
        List<MorphemeFilter> filters = [];
        if (!element.TryGetProperty("filter", out JsonElement list))
            return filters;
        if (list.ValueKind != JsonValueKind.Array)
            throw MilvusException.InvalidParameter("lindera filters should be array");
        foreach (JsonElement filter in list.EnumerateArray())
            filters.Add(Filter(filter, kind));
        return filters;
    }

    private static MorphemeFilter Filter(JsonElement element, DictionaryKind kind)
    {
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.String))
            throw MilvusException.InvalidParameter("lindera tokenizer filter params must be object");
        bool named = element.ValueKind == JsonValueKind.String;
        var settings = new JsonSettings(element, "lindera filter option");
        if (!named && !settings.Has("kind"))
            throw MilvusException.InvalidParameter("lindera tokenizer filter must have type");
        string name = named ? element.GetString()! : settings.Text("kind", "lindera tokenizer filter type should be string");
        if (name.StartsWith("japanese_", StringComparison.Ordinal) && kind.TagFields < JapaneseTagFields)
            throw MilvusException.InvalidParameter($"lindera filter {name} does not fit dict_kind {kind.Name}");
        switch (name)
        {
            case "japanese_base_form" when kind.BaseForm >= 0:
                return Plain(new FormFilter(reading: false), settings, named);
            case "japanese_reading_form" or "korean_reading_form" when kind.Reading >= 0:
                return Plain(new FormFilter(reading: true), settings, named);
            case "japanese_base_form" or "japanese_reading_form" or "korean_reading_form":
                throw MilvusException.InvalidParameter($"lindera filter {name} does not fit dict_kind {kind.Name}, which has no such forms");
            case "japanese_stop_tags" or "japanese_keep_tags" or "japanese_compound_word" or "korean_stop_tags" or "korean_keep_tags" or "japanese_katakana_stem" when named:
                throw MilvusException.InvalidParameter($"lindera filter {name} must use with params");
            case "japanese_stop_tags" or "japanese_keep_tags":
                settings.Allow("kind", "tags");
                return new TagFilter(Tags(settings, name, JapaneseTagFields), keeps: name == "japanese_keep_tags");
            case "korean_stop_tags" or "korean_keep_tags":
                settings.Allow("kind", "tags");
                return new FirstTagFilter(Tags(settings, name, 1), keeps: name == "korean_keep_tags");
            case "japanese_compound_word":
                settings.Allow("kind", "tags", "new_tag");
                return new CompoundFilter(
                    Tags(settings, name, JapaneseTagFields), Padded(settings.Has("new_tag") ? settings.Text("new_tag", "lindera japanese compound word filter new_tag must be string") : "複合語", JapaneseTagFields));
            case "japanese_katakana_stem":
                settings.Allow("kind", "min");
                return new KatakanaStemFilter((long)Math.Clamp(settings.Unsigned("min", "lindera japanese_katakana_stem filter min must be a positive integer"), 1, int.MaxValue));
            default:
                throw MilvusException.InvalidParameter($"unknown lindera filter type: {name}");
        }
    }

    private static MorphemeFilter Plain(MorphemeFilter filter, JsonSettings settings, bool named)
    {
        if (!named)
            settings.Allow("kind");
        return filter;
    }

    private static HashSet<string> Tags(JsonSettings settings, string filter, int fields)
    {
        if (!settings.Has("tags"))
            throw MilvusException.InvalidParameter($"lindera filter {filter} tags must be set");
        return settings.TextList("tags").Select(tag => Padded(tag, fields)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>A tag with a star for every part that it leaves open, which then means a word whose part is a star.</summary>
    private static string Padded(string tag, int fields)
    {
        string[] parts = tag.Split(',');
        if (tag == MorphologyDictionary.UnknownTag || parts.Length == fields)
            return tag;
        return string.Join(',', parts.Take(fields).Concat(Enumerable.Repeat("*", Math.Max(0, fields - parts.Length))));
    }
}
