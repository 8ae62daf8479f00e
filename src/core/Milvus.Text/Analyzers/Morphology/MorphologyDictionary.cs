using System.Text;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>One word of a lexicon as the lattice sees it.</summary>
/// <param name="LeftId">What it is for the word before it.</param>
/// <param name="RightId">What it is for the word after it.</param>
internal readonly record struct LexiconWord(ushort LeftId, ushort RightId, short Cost);

/// <summary>
/// A compiled MeCab dictionary: words with costs, costs of neighbourhood, characters, words of unknown characters, and of the features what
/// filters ask for. Immutable and safe for any number of threads; made by <see cref="DictionaryCompiler"/>.
/// </summary>
internal sealed class MorphologyDictionary
{
    /// <summary>The tag of words that are not in the lexicon.</summary>
    public const string UnknownTag = "UNK";

    public required WordTrie Trie { get; init; }

    /// <summary>For every surface its first word; one more entry ends the last.</summary>
    public required int[] FirstWords { get; init; }

    public required LexiconWord[] Words { get; init; }

    /// <summary>By category: what unknown words of its characters may be; at least one each.</summary>
    public required LexiconWord[][] Unknown { get; init; }

    public required CharacterTable Characters { get; init; }

    /// <summary>Cost of the pair (left word's right id, right word's left id) at <c>left + LeftCount × right</c>.</summary>
    public required short[] Connections { get; init; }

    public required int LeftCount { get; init; }

    /// <summary>Parts of speech joined by commas.</summary>
    public required string[] Tags { get; init; }

    /// <summary>By word: the index of its tag.</summary>
    public required ushort[] WordTags { get; init; }

    /// <summary>By word: where in <see cref="Forms"/> its base form is; −1 when it has none other than its surface.</summary>
    public required int[] BaseForms { get; init; }

    /// <summary>By word: where in <see cref="Forms"/> its reading is; −1 when it has none.</summary>
    public required int[] Readings { get; init; }

    /// <summary>UTF-8, each form after one byte with its length.</summary>
    public required byte[] Forms { get; init; }

    public long MemoryBytes => Trie.MemoryBytes + FirstWords.LongLength * sizeof(int) + Words.LongLength * 6 + Connections.LongLength * sizeof(short)
        + WordTags.LongLength * sizeof(ushort) + (BaseForms.LongLength + Readings.Length) * sizeof(int) + Forms.Length + char.MaxValue;

    public string TagOf(int word) => word < 0 ? UnknownTag : Tags[WordTags[word]];

    /// <summary>The form at an offset of <see cref="Forms"/>.</summary>
    public ReadOnlySpan<byte> Form(int offset) => Forms.AsSpan(offset + 1, Forms[offset]);

    /// <summary>Collects forms, each kept once.</summary>
    internal sealed class FormBuilder
    {
        private readonly Dictionary<string, int> _offsets = new(StringComparer.Ordinal);
        private readonly MemoryStream _bytes = new();

        /// <returns>The form's offset, or −1 for what stands for no form.</returns>
        public int Add(ReadOnlySpan<char> form)
        {
            if (form.IsEmpty || form is "*")
                return -1;
            Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> offsets = _offsets.GetAlternateLookup<ReadOnlySpan<char>>();
            if (offsets.TryGetValue(form, out int offset))
                return offset;
            string text = form.ToString();
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            if (utf8.Length > byte.MaxValue)
                return -1;
            offset = (int)_bytes.Length;
            _bytes.WriteByte((byte)utf8.Length);
            _bytes.Write(utf8);
            _offsets.Add(text, offset);
            return offset;
        }

        public byte[] Build() => _bytes.ToArray();
    }
}
