namespace Milvus.Text.Analyzers.Morphology;

/// <summary>What the features of a kind of dictionary mean, by their places behind the cost.</summary>
/// <param name="Name">As <c>dict_kind</c> gives it; also its directory's name.</param>
/// <param name="TagFields">Leading features that make the tag.</param>
/// <param name="BaseForm">Place of the base form; −1 for none.</param>
/// <param name="Reading">Place of the reading; −1 for none.</param>
/// <param name="SkipsDamagedWords">The dictionary is known to have words with costs or ids out of range, which are left out.</param>
internal sealed record DictionaryKind(string Name, int TagFields, int BaseForm, int Reading, bool SkipsDamagedWords = false)
{
    private static readonly DictionaryKind[] s_all =
    [
        new("ipadic", 4, 6, 7),
        new("ipadic-neologd", 4, 6, 7),
        new("unidic", 4, 10, 6),
        new("ko-dic", 1, -1, 3),
        new("cc-cedict", 4, -1, -1, SkipsDamagedWords: true),
    ];

    public static DictionaryKind? Find(string name) => Array.Find(s_all, kind => kind.Name == name);
}
