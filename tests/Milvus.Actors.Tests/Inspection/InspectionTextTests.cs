using Milvus.Actors.Inspection;

namespace Milvus.Actors.Tests.Inspection;

public sealed class InspectionTextTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right()
    {
        var text = InspectionText.Collections(
        [
            new CollectionFacts("default", "books", 7, 2, 1, "loaded", 1),
            new CollectionFacts("default", "a_long_name", 1234567, 16, 3, "released", 0),
        ]);
        Assert.Equal(
            """
            database  collection        id  shards  partitions  load      replicas
            default   books              7       2           1  loaded           1
            default   a_long_name  1234567      16           3  released         0

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void Empty_cells_have_a_mark_and_truths_are_words()
    {
        var text = InspectionText.Nodes([new NodeFacts("akka.tcp://milvus@a:1", "proxy", "Up", false, true, 3, 1536, 1L << 30, 5, "")]);
        var cells = text.Split('\n')[1].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(["akka.tcp://milvus@a:1", "proxy", "Up", "no", "yes", "3", "1.5 KiB", "1 GiB", "5", "-"], cells);
        Assert.EndsWith("  -\n", InspectionText.Tasks([new TaskFacts("index-1-2", "index", "running", "", "")]));
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1048575, "1 MiB")]
    [InlineData(5L << 40, "5 TiB")]
    [InlineData(5000L << 40, "5000 TiB")]
    public void Sizes_have_units(long bytes, string expected)
    {
        var text = InspectionText.Segments([new SegmentFacts("c", 1, 0, "sealed", 0, "n", true, 1, 0, bytes)]);
        Assert.EndsWith("  " + expected + "\n", text);
    }

    [Fact]
    public void A_failure_of_several_lines_stays_in_its_line()
    {
        var text = InspectionText.Channels([new ChannelFacts("c1-s0", "books", "n", "failed", 1, 1, 0, 0, 2, 1, "disk full\nat line 3")]);
        Assert.Equal(2, text.Count(c => c == '\n'));
        Assert.Contains("1/2", text);
        Assert.EndsWith("disk full at line 3\n", text);
    }

    [Fact]
    public void Nothing_is_told_in_words()
    {
        Assert.Equal("no collections\n", InspectionText.Collections([]));
        Assert.Equal("no channels\n", InspectionText.Channels([]));
        Assert.Equal("no segments\n", InspectionText.Segments([]));
        Assert.Equal("no nodes\n", InspectionText.Nodes([]));
        Assert.Equal("no tasks\n", InspectionText.Tasks([]));
    }

    [Fact]
    public void Commands_are_known_by_one_word()
    {
        Assert.Equal(["collections", "segments", "channels", "nodes", "tasks"], InspectionCommand.All.Select(c => c.Name));
        Assert.All(InspectionCommand.All, c => Assert.EndsWith(".", c.Description));
    }
}
