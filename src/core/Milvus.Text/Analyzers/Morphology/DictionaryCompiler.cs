using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>
/// Compiles the source form of a MeCab dictionary: <c>*.csv</c> (surface, left id, right id, cost, features), <c>matrix.def</c>, <c>char.def</c> and
/// <c>unk.def</c>, in UTF-8 or EUC-JP.
/// </summary>
internal sealed class DictionaryCompiler
{
    private const string MatrixFile = "matrix.def", CharacterFile = "char.def", UnknownFile = "unk.def";

    // Where Microsoft's table of EUC-JP differs from that of JIS, which dictionaries in UTF-8 follow.
    private const string Widened = "～∥－￠￡￢", Standard = "〜‖−¢£¬";

    private static readonly string[] s_needed = [MatrixFile, CharacterFile, UnknownFile];

    private readonly string _directory;
    private readonly DictionaryKind _kind;
    private readonly bool _japanese;
    private readonly Dictionary<string, ushort> _tags = new(StringComparer.Ordinal);
    private readonly MorphologyDictionary.FormBuilder _forms = new();
    private readonly List<Entry> _entries = [];
    private short[] _connections = [];
    private int _leftCount, _rightCount;

    private DictionaryCompiler(string directory, DictionaryKind kind)
    {
        _directory = directory;
        _kind = kind;
        // One file that is not UTF-8 tells for all of them.
        _japanese = Directory.GetFiles(directory, "*.csv").Append(Path.Combine(directory, UnknownFile)).Any(file => !Utf8.IsValid(File.ReadAllBytes(file)));
    }

    private readonly record struct Entry(string Surface, LexiconWord Word, ushort Tag, int BaseForm, int Reading);

    /// <summary>What a directory lacks to be a dictionary in its source form; null when it lacks nothing.</summary>
    public static string? Lacks(string directory)
    {
        if (!Directory.Exists(directory))
            return "the directory does not exist";
        string[] missing = [.. s_needed.Where(name => !File.Exists(Path.Combine(directory, name)))];
        if (missing.Length > 0)
            return $"{string.Join(", ", missing)} not found";
        return Directory.EnumerateFiles(directory, "*.csv").Any() ? null : "no lexicon (*.csv) found";
    }

    /// <exception cref="FormatException">A file is not of its form; names file and line.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static MorphologyDictionary Compile(string directory, DictionaryKind kind) => new DictionaryCompiler(directory, kind).Compile();

    private MorphologyDictionary Compile()
    {
        ReadMatrix();
        CharacterTable characters = ReadCharacters();
        LexiconWord[][] unknown = ReadUnknown(characters);
        foreach (string file in Directory.GetFiles(_directory, "*.csv").Order(StringComparer.Ordinal))
            ReadLexicon(Path.GetFileName(file));
        Entry[] entries = [.. _entries];
        _entries.Clear();
        int[] order = Order(entries);
        var surfaces = new List<string>();
        var firsts = new List<int>();
        var words = new LexiconWord[order.Length];
        var tags = new ushort[order.Length];
        int[] bases = new int[order.Length], readings = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            ref readonly Entry entry = ref entries[order[i]];
            if (surfaces.Count == 0 || entry.Surface != surfaces[^1])
            {
                surfaces.Add(entry.Surface);
                firsts.Add(i);
            }
            words[i] = entry.Word;
            tags[i] = entry.Tag;
            bases[i] = entry.BaseForm;
            readings[i] = entry.Reading;
        }
        firsts.Add(order.Length);
        return new MorphologyDictionary
        {
            Trie = new WordTrie(surfaces.ToArray()),
            FirstWords = [.. firsts],
            Words = words,
            Unknown = unknown,
            Characters = characters,
            Connections = _connections,
            LeftCount = _leftCount,
            Tags = [.. _tags.OrderBy(tag => tag.Value).Select(tag => tag.Key)],
            WordTags = tags,
            BaseForms = bases,
            Readings = readings,
            Forms = _forms.Build(),
        };
    }

    /// <summary>By surface, words of one surface in the order of the files.</summary>
    private static int[] Order(Entry[] entries)
    {
        int[] order = new int[entries.Length];
        string[] keys = new string[entries.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = entries[i].Surface;
        }
        Array.Sort(keys, order, StringComparer.Ordinal);
        for (int from = 0; from < order.Length;)
        {
            int to = from + 1;
            while (to < order.Length && keys[to] == keys[from])
                to++;
            Array.Sort(order, from, to - from);
            from = to;
        }
        return order;
    }

    private string Read(string name)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(_directory, name));
        if (!_japanese || Utf8.IsValid(bytes) && name.EndsWith(".def", StringComparison.Ordinal))
            return Encoding.UTF8.GetString(bytes);
        char[] text = CodePagesEncodingProvider.Instance.GetEncoding("euc-jp")!.GetChars(bytes);
        for (int i = 0; i < text.Length; i++)
        {
            int widened = Widened.IndexOf(text[i]);
            if (widened >= 0)
                text[i] = Standard[widened];
        }
        return new string(text);
    }

    private void ReadMatrix()
    {
        // Written in numbers only, so its bytes are its characters whatever the encoding.
        byte[] file = File.ReadAllBytes(Path.Combine(_directory, MatrixFile));
        int at = 0, line = 1;
        _leftCount = Number(file, ref at, line);
        _rightCount = Number(file, ref at, line);
        if (_leftCount is < 1 or > ushort.MaxValue || _rightCount is < 1 or > ushort.MaxValue)
            throw new FormatException($"{MatrixFile} line 1 names no size");
        if ((long)_leftCount * _rightCount > Array.MaxLength)
            throw new FormatException($"{MatrixFile} line 1 names a size beyond {Array.MaxLength} costs");
        _connections = new short[_leftCount * _rightCount];
        for (line++; SkipBlank(file, ref at); line++)
        {
            int left = Number(file, ref at, line), right = Number(file, ref at, line), cost = Number(file, ref at, line);
            if ((uint)left >= (uint)_leftCount || (uint)right >= (uint)_rightCount || cost is < short.MinValue or > short.MaxValue)
                throw new FormatException($"{MatrixFile} line {line} is out of range");
            _connections[left + _leftCount * right] = (short)cost;
        }
    }

    private static bool SkipBlank(byte[] file, ref int at)
    {
        while (at < file.Length && file[at] <= ' ')
            at++;
        return at < file.Length;
    }

    private static int Number(byte[] file, ref int at, int line)
    {
        SkipBlank(file, ref at);
        if (!System.Buffers.Text.Utf8Parser.TryParse(file.AsSpan(at), out int number, out int length))
            throw new FormatException($"{MatrixFile} line {line} is not made of numbers");
        at += length;
        return number;
    }

    private CharacterTable ReadCharacters()
    {
        try
        {
            return CharacterTable.Parse(Read(CharacterFile));
        }
        catch (FormatException e)
        {
            throw new FormatException($"{CharacterFile} {e.Message}", e);
        }
    }

    private LexiconWord[][] ReadUnknown(CharacterTable characters)
    {
        var unknown = new List<LexiconWord>[characters.Categories.Length];
        int number = 0;
        foreach (ReadOnlySpan<char> line in Read(UnknownFile).AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
                continue;
            var fields = new CsvLine(line);
            string name = fields.Next().ToString();
            int category = Array.FindIndex(characters.Categories, c => c.Name == name);
            if (category < 0)
                throw new FormatException($"{UnknownFile} line {number} names the unknown category {name}");
            (unknown[category] ??= []).Add(Word(ref fields) ?? throw new FormatException($"{UnknownFile} line {number} has an id or cost out of range"));
        }
        int lacking = Array.FindIndex(unknown, words => words is null);
        if (lacking >= 0)
            throw new FormatException($"{UnknownFile} has nothing for the category {characters.Categories[lacking].Name}");
        return [.. unknown.Select(words => words.ToArray())];
    }

    private void ReadLexicon(string name)
    {
        int number = 0;
        foreach (ReadOnlySpan<char> line in Read(name).AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
                continue;
            var fields = new CsvLine(line);
            ReadOnlySpan<char> surface = fields.Next();
            if (surface.IsEmpty || Word(ref fields) is not { } word)
            {
                if (_kind.SkipsDamagedWords)
                    continue;
                throw new FormatException($"{name} line {number} is no word with ids and cost in range");
            }
            _entries.Add(Features(surface.ToString(), word, ref fields));
        }
    }

    private LexiconWord? Word(ref CsvLine fields)
    {
        bool whole = ushort.TryParse(fields.Next(), NumberStyles.None, CultureInfo.InvariantCulture, out ushort left)
            & ushort.TryParse(fields.Next(), NumberStyles.None, CultureInfo.InvariantCulture, out ushort right)
            & short.TryParse(fields.Next(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out short cost);
        // A word's left id meets the right id of the word before it, and the other way round.
        return whole && left < _rightCount && right < _leftCount ? new LexiconWord(left, right, cost) : null;
    }

    private Entry Features(string surface, LexiconWord word, ref CsvLine fields)
    {
        Span<char> tag = stackalloc char[256];
        int length = 0, place = 0, baseForm = -1, reading = -1;
        for (; !fields.IsAtEnd; place++)
        {
            ReadOnlySpan<char> feature = fields.Next();
            if (place < _kind.TagFields)
            {
                if (length + feature.Length + 1 > tag.Length)
                    throw new FormatException($"the word {surface} has parts of speech longer than {tag.Length} characters");
                if (place > 0)
                    tag[length++] = ',';
                feature.CopyTo(tag[length..]);
                length += feature.Length;
            }
            else if (place == _kind.BaseForm && !feature.SequenceEqual(surface))
            {
                baseForm = _forms.Add(feature);
            }
            else if (place == _kind.Reading)
            {
                reading = _forms.Add(feature);
            }
        }
        return new Entry(surface, word, TagNumber(tag[..length]), baseForm, reading);
    }

    private ushort TagNumber(ReadOnlySpan<char> tag)
    {
        Dictionary<string, ushort>.AlternateLookup<ReadOnlySpan<char>> tags = _tags.GetAlternateLookup<ReadOnlySpan<char>>();
        if (tags.TryGetValue(tag, out ushort number))
            return number;
        if (_tags.Count > ushort.MaxValue)
            throw new FormatException("has too many different parts of speech");
        number = (ushort)_tags.Count;
        _tags.Add(tag.ToString(), number);
        return number;
    }

    /// <summary>The fields of one line; those with commas stand in quotes, in which a doubled quote is one.</summary>
    private ref struct CsvLine(ReadOnlySpan<char> line)
    {
        private ReadOnlySpan<char> _rest = line;

        public bool IsAtEnd { get; private set; }

        public ReadOnlySpan<char> Next()
        {
            if (_rest.Length > 0 && _rest[0] == '"')
                return Quoted();
            int comma = _rest.IndexOf(',');
            ReadOnlySpan<char> field = comma < 0 ? _rest : _rest[..comma];
            Skip(field.Length);
            return field;
        }

        private ReadOnlySpan<char> Quoted()
        {
            int end = 1;
            bool doubled = false;
            while (end < _rest.Length && (_rest[end] != '"' || end + 1 < _rest.Length && _rest[end + 1] == '"'))
            {
                doubled |= _rest[end] == '"';
                end += _rest[end] == '"' ? 2 : 1;
            }
            ReadOnlySpan<char> field = _rest[1..Math.Min(end, _rest.Length)];
            int comma = end < _rest.Length ? _rest[end..].IndexOf(',') : -1;
            Skip(comma < 0 ? _rest.Length : end + comma);
            return doubled ? field.ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : field;
        }

        private void Skip(int field)
        {
            IsAtEnd = field >= _rest.Length;
            _rest = IsAtEnd ? [] : _rest[(field + 1)..];
        }
    }
}
