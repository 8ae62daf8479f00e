using System.Buffers;
using System.Text;

namespace Milvus.Text.Analyzers.Stemming;

/// <summary>
/// The English stemmer "Porter2" by Martin Porter (snowballstem.org/algorithms/english/stemmer.html), as described there before the
/// exceptions added since 2023. Words are lower-case UTF-8; characters outside ASCII count as consonants.
/// </summary>
internal static class EnglishStemmer
{
    // Stands for one character outside ASCII while the ASCII rules run, so that every position is one character.
    private const byte NonAscii = 0xFF;

    /// <param name="word">Lower-case UTF-8.</param>
    /// <param name="output">At least <c>word.Length + 1</c> bytes.</param>
    /// <returns>Bytes of the stem.</returns>
    public static int Stem(ReadOnlySpan<byte> word, Span<byte> output)
    {
        if (!word.ContainsAnyInRange((byte)0x80, (byte)0xFF))
        {
            word.CopyTo(output);
            return StemLetters(output, word.Length);
        }
        byte[] scratch = ArrayPool<byte>.Shared.Rent(word.Length + 1);
        try
        {
            int length = StemLetters(scratch, Compact(word, scratch));
            return Expand(scratch.AsSpan(0, length), word, output);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static int Compact(ReadOnlySpan<byte> word, Span<byte> letters)
    {
        int count = 0;
        while (!word.IsEmpty)
        {
            Rune.DecodeFromUtf8(word, out Rune rune, out int width);
            letters[count++] = rune.IsAscii ? (byte)rune.Value : NonAscii;
            word = word[width..];
        }
        return count;
    }

    // The rules remove and change ASCII letters only, so the placeholders stand for the word's other characters in order.
    private static int Expand(ReadOnlySpan<byte> letters, ReadOnlySpan<byte> word, Span<byte> output)
    {
        int written = 0;
        foreach (byte letter in letters)
        {
            if (letter != NonAscii)
            {
                output[written++] = letter;
                continue;
            }
            int width;
            while (true)
            {
                Rune.DecodeFromUtf8(word, out Rune rune, out width);
                if (!rune.IsAscii)
                    break;
                word = word[width..];
            }
            word[..width].CopyTo(output[written..]);
            written += width;
            word = word[width..];
        }
        return written;
    }

    private static int StemLetters(Span<byte> buffer, int length)
    {
        if (length <= 2)
            return length;
        if (EnglishExceptions.TryReplaceWord(buffer[..length], out ReadOnlySpan<byte> replacement))
        {
            replacement.CopyTo(buffer);
            return replacement.Length;
        }
        var word = new EnglishWord(buffer, length);
        word.Prepare();
        if (word.Length > 0)
        {
            RemovePossessive(ref word);
            PluralStep(ref word);
            if (!EnglishExceptions.IsFinished(word.Letters))
            {
                PastStep(ref word);
                FinalYStep(ref word);
                EnglishSuffixes.DerivationStep(ref word);
                EnglishSuffixes.AdjectiveStep(ref word);
                EnglishSuffixes.ResidualStep(ref word);
                FinalEStep(ref word);
            }
            word.RestoreY();
        }
        return word.Length;
    }

    // Step 0.
    private static void RemovePossessive(ref EnglishWord word)
    {
        if (!word.Letters.Contains((byte)'\''))
            return;
        if (word.EndsWith("'s'"u8))
            word.Cut(3);
        else if (word.EndsWith("'s"u8))
            word.Cut(2);
        else if (word.EndsWith("'"u8))
            word.Cut(1);
    }

    // Step 1a.
    private static void PluralStep(ref EnglishWord word)
    {
        if (word.Length < 2 || word.Letters[^1] is not ((byte)'s' or (byte)'d'))
            return;
        if (word.EndsWith("sses"u8))
            word.Cut(2);
        else if (word.EndsWith("ied"u8) || word.EndsWith("ies"u8))
            word.Cut(word.Length > 4 ? 2 : 1);
        else if (word.EndsWith("s"u8) && !word.EndsWith("us"u8) && !word.EndsWith("ss"u8) && word.HasVowelBefore(word.Length - 2))
            word.Cut(1);
    }

    // Step 1b.
    private static void PastStep(ref EnglishWord word)
    {
        if (word.Length < 3 || word.Letters[^1] is not ((byte)'d' or (byte)'g' or (byte)'y'))
            return;
        int eed = word.EndsWith("eedly"u8) ? 5 : word.EndsWith("eed"u8) ? 3 : 0;
        if (eed > 0)
        {
            if (word.InR1(eed))
                word.Cut(eed - 2);
            return;
        }
        int suffix = word.EndsWith("ingly"u8) ? 5 : word.EndsWith("edly"u8) ? 4 : word.EndsWith("ing"u8) ? 3 : word.EndsWith("ed"u8) ? 2 : 0;
        if (suffix == 0 || !word.HasVowelBefore(word.Length - suffix))
            return;
        word.Cut(suffix);
        if (word.EndsWith("at"u8) || word.EndsWith("bl"u8) || word.EndsWith("iz"u8))
            word.Append((byte)'e');
        else if (word.EndsWithDouble())
            word.Cut(1);
        else if (word.IsShort())
            word.Append((byte)'e');
    }

    // Step 1c.
    private static void FinalYStep(ref EnglishWord word)
    {
        if (word.Length > 2 && (word.EndsWith("y"u8) || word.EndsWith("Y"u8)) && !EnglishWord.IsVowel(word.Letters[^2]))
            word.Replace(1, "i"u8);
    }

    // Step 5.
    private static void FinalEStep(ref EnglishWord word)
    {
        if (word.EndsWith("e"u8))
        {
            if (word.InR2(1) || word.InR1(1) && !word.EndsInShortSyllable(word.Length - 1))
                word.Cut(1);
        }
        else if (word.EndsWith("ll"u8) && word.InR2(1))
        {
            word.Cut(1);
        }
    }
}
