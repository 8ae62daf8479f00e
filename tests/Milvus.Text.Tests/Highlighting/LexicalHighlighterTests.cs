using System.Text;
using Milvus.Text.Analyzers;
using Milvus.Text.Highlighting;

namespace Milvus.Text.Tests.Highlighting;

public class LexicalHighlighterTests
{
    private static string[] Highlight(string text, string query, HighlightOptions options)
    {
        var terms = LexicalHighlighter.Terms(Analyzer.Standard, query);
        return [.. new LexicalHighlighter(options).Highlight(Analyzer.Standard, Encoding.UTF8.GetBytes(text), terms)];
    }

    [Fact]
    public void Matches_are_marked_whatever_their_case()
    {
        Assert.Equal(["A <em>Fox</em> and a <em>FOX</em>."], Highlight("A Fox and a FOX.", "fox", HighlightOptions.Default with { FragmentOffset = 10 }));
        Assert.Empty(Highlight("nothing here", "fox", HighlightOptions.Default));
        Assert.Empty(Highlight("nothing here", "", HighlightOptions.Default));
    }

    [Fact]
    public void Words_inside_a_word_are_marked_with_it()
    {
        Analyzer chinese = Analyzer.Parse("""{"type": "chinese"}""");
        var terms = new HashSet<string> { "大学", "清华大学" };
        Assert.Equal("<em>清华大学</em>的", Assert.Single(new LexicalHighlighter(HighlightOptions.Default).Highlight(chinese, "清华大学的"u8, terms)));
    }

    [Fact]
    public void Tags_take_turns()
    {
        var options = HighlightOptions.Default with { PreTags = ["<a>", "<b>"], PostTags = ["</a>", "</b>"] };
        Assert.Equal(["<a>x</a> <b>x</b> <a>x</a> end"], Highlight("begin x x x end", "x", options));
    }

    [Fact]
    public void Fragments_have_a_size_an_offset_and_a_number()
    {
        var text = "x" + new string('.', 30) + "x" + new string('.', 30) + "x";
        var options = HighlightOptions.Default with { FragmentSize = 10, FragmentOffset = 2 };
        Assert.Equal(["<em>x</em>.........", "..<em>x</em>.......", "..<em>x</em>"], Highlight(text, "x", options));
        Assert.Equal(2, Highlight(text, "x", options with { Fragments = 2 }).Length);
        Assert.Equal(["<em>longword</em>"], Highlight("longword", "longword", options with { FragmentSize = 3 }));
    }

    [Fact]
    public void Characters_of_several_bytes_are_not_cut()
    {
        var options = HighlightOptions.Default with { FragmentSize = 6, FragmentOffset = 3 };
        Assert.Equal(["é€ <em>ü</em> é"], Highlight("éé€ ü é€é", "ü", options));
    }
}
