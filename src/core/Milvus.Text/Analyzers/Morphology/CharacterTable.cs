using System.Globalization;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>How words that are not in the lexicon are made of characters of a category.</summary>
/// <param name="Invoke">Make them although the lexicon has words at that place.</param>
/// <param name="Group">Make one of all characters of the category that follow each other.</param>
/// <param name="Length">Make those of 1 to this many characters.</param>
internal readonly record struct CharacterCategory(string Name, bool Invoke, bool Group, int Length);

/// <summary>
/// The file <c>char.def</c> of a MeCab dictionary: the categories, and which of them every character of the basic plane belongs to. A
/// character has one category that its unknown words are made by and may be of several kinds; other planes have the category DEFAULT.
/// </summary>
internal sealed class CharacterTable
{
    // Kinds are the bits of one number.
    private const int MaxCategories = 32;

    private readonly byte[] _classes = new byte[char.MaxValue + 1];
    private readonly List<(int Category, uint Kinds)> _sets = [];

    private CharacterTable(CharacterCategory[] categories) => Categories = categories;

    public CharacterCategory[] Categories { get; }

    /// <summary>The number of the category SPACE, whose characters stand between words and are no part of them.</summary>
    public int Space { get; private set; }

    /// <param name="text">The content of the file.</param>
    /// <exception cref="FormatException">Not of that form; names the line.</exception>
    public static CharacterTable Parse(string text)
    {
        var categories = new List<CharacterCategory>();
        var ranges = new List<(int Line, string[] Parts)>();
        int number = 0;
        foreach (ReadOnlySpan<char> whole in text.EnumerateLines())
        {
            number++;
            int comment = whole.IndexOf('#');
            string[] parts = (comment < 0 ? whole : whole[..comment]).ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
                continue;
            if (parts[0].StartsWith("0x", StringComparison.OrdinalIgnoreCase))
                ranges.Add((number, parts));
            else if (parts.Length >= 4 && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out int length))
                categories.Add(new CharacterCategory(parts[0], parts[1] == "1", parts[2] == "1", length));
            else
                throw new FormatException($"line {number} names no category with three numbers");
        }
        if (categories.Count > MaxCategories)
            throw new FormatException($"has more than {MaxCategories} categories");
        var table = new CharacterTable([.. categories]);
        table.Space = table.Number("SPACE") ?? throw new FormatException("has no category SPACE");
        int usual = table.Number("DEFAULT") ?? throw new FormatException("has no category DEFAULT");
        table._sets.Add((usual, 1u << usual));
        foreach ((int line, string[] parts) in ranges)
            table.Assign(line, parts);
        return table;
    }

    /// <returns>The number of the category that unknown words beginning with this character have.</returns>
    public int CategoryOf(char character) => _sets[_classes[character]].Category;

    /// <returns>The categories the character belongs to, a bit each.</returns>
    public uint KindsOf(char character) => _sets[_classes[character]].Kinds;

    private int? Number(string name)
    {
        int index = Array.FindIndex(Categories, category => category.Name == name);
        return index < 0 ? null : index;
    }

    private void Assign(int line, string[] parts)
    {
        string[] ends = parts[0].Split("..");
        if (parts.Length < 2 || ends.Length > 2 || !TryCode(ends[0], out int from) || !TryCode(ends[^1], out int to) || from > to)
            throw new FormatException($"line {line} names no range of characters with a category");
        uint kinds = 0;
        foreach (string name in parts.AsSpan(1))
            kinds |= 1u << (Number(name) ?? throw new FormatException($"line {line} names the unknown category {name}"));
        (int, uint) set = (Number(parts[1])!.Value, kinds);
        int index = _sets.IndexOf(set);
        if (index < 0)
        {
            index = _sets.Count;
            _sets.Add(set);
            if (index > byte.MaxValue)
                throw new FormatException("has too many different sets of categories");
        }
        // Later lines win over earlier ones; what lies beyond the basic plane stays with the category DEFAULT.
        for (int code = from; code <= Math.Min(to, char.MaxValue); code++)
            _classes[code] = (byte)index;
    }

    private static bool TryCode(string text, out int code)
    {
        code = 0;
        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && int.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out code);
    }
}
