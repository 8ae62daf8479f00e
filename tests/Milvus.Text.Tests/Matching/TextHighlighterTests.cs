using System.Text;
using Milvus.Text.Analyzers;
using Milvus.Text.Matching;

namespace Milvus.Text.Tests.Matching;

public sealed class TextHighlighterTests
{
    private static readonly Analyzer s_english = Analyzer.Parse("""{"type": "english"}""");

    private static IReadOnlyList<string> Fragments(string query, string text, HighlightOptions options) =>
        new TextHighlighter(s_english, query).Fragments(text, options);

    [Fact]
    public void WordsThatShareAStemAreMarked() => Assert.Equal(
        ["<em>Runners</em> ran; é <em>running</em> cat"],
        Fragments("runners run", "Runners ran; é running cat", new HighlightOptions()).Select(f => f.Replace("<em>ran</em>", "ran")));

    [Fact]
    public void SpansCountBytesAndOverlapsAreOne()
    {
        Assert.Equal([new TextSpan(3, 6)], new TextHighlighter(s_english, "cat").Find("é cat"u8));
        var chinese = new TextHighlighter(Analyzer.Parse("""{"type": "chinese"}"""), "清华大学");
        Assert.Equal([new TextSpan(6, 18)], chinese.Find("北京清华大学"u8));
        Assert.Empty(new TextHighlighter(s_english).Find("cat"u8));
        Assert.Empty(new TextHighlighter(s_english, "dog", "the").Find("the cat"u8));
    }

    [Fact]
    public void TagsRotatePerMatch()
    {
        var options = new HighlightOptions { PreTags = ["<a>", "<b>"], PostTags = ["</a>", "</b>"] };
        Assert.Equal(["<a>cat</a> <b>dog</b> <a>cat</a>"], Fragments("cat dog", "cat dog cat", options));
    }

    [Fact]
    public void FragmentsBeginBeforeAMatchAndKeepWholeMatches()
    {
        const string text = "aaaa cat bbbb cat cccc dddd eeee ffff cat";
        Assert.Equal(["<em>cat</em> bbbb", "<em>cat</em> cccc", "<em>cat</em>"], Fragments("cat", text, new HighlightOptions { FragmentSize = 8 }));
        Assert.Equal(["<em>cat</em> bbbb <em>cat</em>", "<em>cat</em>"], Fragments("cat", text, new HighlightOptions { FragmentSize = 9 }));
        Assert.Equal(["aaaa <em>cat</em>", "aaaa cat bbbb <em>cat</em>"], Fragments("cat", text, new HighlightOptions { FragmentSize = 5, FragmentOffset = 99, FragmentCount = 2 }));
        Assert.Equal(["aa <em>cat</em> bb", "bb <em>cat</em> cc", "ff <em>cat</em>"], Fragments("cat", text, new HighlightOptions { FragmentSize = 9, FragmentOffset = 3 }));
        Assert.Equal(["<em>cat</em>"], Fragments("cat", text, new HighlightOptions { FragmentSize = 1, FragmentCount = 1 }));
        Assert.Equal(["<a>cat</a>", "<a>cat</a>"], Fragments("cat", "cat bb cat", new HighlightOptions { FragmentSize = 3, PreTags = ["<a>", "<b>"], PostTags = ["</a>", "</b>"] }));
        Assert.Empty(Fragments("dog", text, new HighlightOptions()));
    }

    [Fact]
    public void FragmentsCutBetweenCharacters() =>
        Assert.Equal(["éé <em>cat</em> ü"], Fragments("cat", "ééé cat üü", new HighlightOptions { FragmentOffset = 3, FragmentSize = 8 }));

    [Fact]
    public void EverySpanIsAWordOfTheText()
    {
        var random = new Random(2);
        string[] words = ["cat", "dogs", "naïve", "東京", "runs", "the"];
        for (int i = 0; i < 200; i++)
        {
            string text = string.Join(random.Next(2) == 0 ? " " : ", ", Enumerable.Range(0, random.Next(30)).Select(_ => words[random.Next(words.Length)]));
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            var highlighter = new TextHighlighter(s_english, words[random.Next(words.Length)], words[random.Next(words.Length)]);
            Assert.All(highlighter.Find(utf8), span => Assert.Contains(Encoding.UTF8.GetString(utf8[span.Start..span.End]), words));
            string all = string.Concat(highlighter.Fragments(text, new HighlightOptions { PreTags = [""], PostTags = [""], FragmentSize = random.Next(1, 20) }));
            Assert.True(all.Length <= text.Length + 20);
        }
    }
}
