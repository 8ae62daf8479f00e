using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

/// <summary>
/// Words and stems of every language, a sample of the vocabularies that are published with the algorithms (the stemmers were checked
/// against all of them, 493 000 words).
/// </summary>
public sealed class StemmerTests
{
    [Theory]
    [InlineData("danish", "aabenbaringen>aabenbaring beruset>berus drive>driv foretrækkes>foretræk gerningsmanden>gerningsmand horkvinden>horkvind kandake>kandak lovet>lov nedstyrtes>nedstyrt plukker>pluk silde>sild steppen>step tiltrådt>tiltråd undervisningen>undervisning")]
    [InlineData("dutch", "aachen>aach bedrijfstype>bedrijfstyp bruidje>bruidj duizendmaal>duizendmal gematigdheid>gematigd huibertplaat>huibertplat kostendalingen>kostendal milieubelastend>milieubelast ontbossingen>ontboss polytechnische>polytechnisch schrikten>schrikt terephtalaat>terephtalat vergroot>vergrot waarschuwde>waarschuwd")]
    [InlineData("finnish", "aachenin>aachen akustiikan>akustiik anelemaan>anelem asiakirjaan>asiakirj barbara>barbar designin>design elton>elto eroamiseen>eroamis fiorentina>fiorent hallitsijaa>hallitsij heiluivat>heiluiv hionut>hionu huonoon>huono idströmin>idström")]
    [InlineData("french", "abaissait>abaiss arrives>arriv caractères>caracter contessina>contessin destituera>destitu endurant>endur figurerai>figur immanquablement>immanqu little>littl obéie>obei plongea>plong recommandez>recommand ruinez>ruin tanari>tanar")]
    [InlineData("german", "aalglatten>aalglatt auserwählt>auserwahlt bezwecken>bezweck einladend>einlad fliegende>fliegend gespannten>gespannt heutige>heutig korbe>korb mochten>mocht rauchwolken>rauchwolk segen>seg träumten>traumt vereinzeltes>vereinzelt wegzuraffen>wegzuraff")]
    [InlineData("hungarian", "abazinok>abazin aminek>am beltagnak>beltag buliba>bul kanyarban>kanyar kialudnom>kialudn kivittük>kivitt kvantummechanika>kvantummechan könnyeket>könny leküzdenie>leküzden lélegzethez>lélegzet meghallgathatja>meghallgathat megtalálták>megtalálta munkálkodom>munkálkod")]
    [InlineData("italian", "abakoumova>abakoumov aristotile>aristotil cagionava>cagion confinanti>confin direzioni>direzion figurare>figur impresari>impresar levandosi>lev nikita>nik ponderato>ponder regalato>regal saliva>sal sommariamente>sommar tesoro>tesor")]
    [InlineData("norwegian", "aabakken>aabakk bergriser>bergris dotter>dott folketrygdytelse>folketrygdyt gjennomsnittlig>gjennomsnitt håndteringen>håndtering kommersielle>kommersiell lønnsforholdene>lønnsforhold obligasjoner>obligasjon prioriteres>prioriter sammenslåinger>sammenslåing spilloppmakeren>spilloppmaker tilleggsregler>tilleggsregl utilsiktet>utilsikt")]
    [InlineData("portuguese", "aacho>aach apresentadoras>apresent buscá>busc compraria>compr demônios>demôni embarcações>embarc êxito>êxit grife>grif jararacas>jararac milfede>milfed passara>pass protagonista>protagon roteiros>roteir teologia>teolog")]
    [InlineData("romanian", "abajurul>abajur astronomie>astronom cetirea>cetir cultivator>cultiv editat>edit gândesc>gând istovită>istov junglă>jungl momene>momen orânduială>orânduial preexistă>preexist represalii>represal soluţia>soluţ torni>torn")]
    [InlineData("russian", "абиссинию>абиссин вините>вин гостиная>гостин загорели>загорел казенные>казен мельницы>мельниц необыкновенная>необыкновен оставлена>оставл подались>пода превосходный>превосходн путешествий>путешеств сердятся>серд страдая>страд умылась>ум")]
    [InlineData("spanish", "aarón>aaron apoda>apod cádiz>cadiz comunitarias>comunitari dejando>dej elementales>elemental fáciles>facil huésped>huesp laudos>laud mucho>much pérez>perez quedarnos>qued rutinas>rutin tenochtitlan>tenochtitl")]
    [InlineData("swedish", "aaele>aael betydelsefullt>betydelsefull dämpade>dämp fyllda>fylld godbitar>godbit högmods>högmod kraftig>kraft maktlöshet>maktlös oförsiktighet>oförsikt registrator>registrat skuggats>skuggat städa>städ trägnast>trägn vedervärdigt>vedervärd")]
    [InlineData("turkish", "aacakları>aacak açıldı>açıl bulunacağı>bulunacak dualarla>dua fonksiyonlardaki>fonksiyon haftası>haftas işletilmesinin>işletilme konserlerinden>konser metrekare>metrekar penisilinler>penisilin siyasetinin>siyaset teypten>teyp yapılaşmayı>yapılaşma çekilebilmesi>çekilebilmes")]
    public void WordsBecomeStems(string language, string pairs)
    {
        Analyzer analyzer = Of(language);
        foreach (string pair in pairs.Split(' '))
        {
            string[] parts = pair.Split('>');
            Assert.Equal(parts[1], Assert.Single(analyzer.GetTokens(parts[0])).Text);
        }
    }

    [Theory]
    [InlineData("الكتاب", "كتاب")]
    [InlineData("كتابها", "كتاب")]
    [InlineData("مدرسة", "مدرس")]
    [InlineData("الْعَرَبِيَّة", "عرب")]
    [InlineData("ﻛﺘﺎﺏ", "كتاب")]
    public void ArabicLosesAffixesAndMarks(string word, string stem) => Assert.Equal(stem, Assert.Single(Of("arabic").GetTokens(word)).Text);

    /// <summary>Words of our own, with the stems that the published description of release 2.0 gives them: plurals, prefixes, attached words, cases, tenses.</summary>
    [Theory]
    [InlineData("மரம்>மரம் மரங்கள்>மரங் மரத்தில்>மரம் மரத்தை>மரம் மரங்களை>மரங் வீடுகள்>வீடு வீடுகளில்>வீடு வீட்டிலிருந்து>வீட்டில் வீட்டிற்கு>வீட்டி பூக்கள்>பூக் சொற்கள்>சொல் நாட்கள்>நாள் பெண்களுக்கு>பெண்கள் குழந்தைகளுடன்>குழந்தை எழுத்துக்கள்>எழு நண்பர்களும்>நண்")]
    [InlineData("அப்படி>படி இந்தக்>இந்த எப்பொழுது>பொழுது அவ்வூர்>ஊர் இவ்வுலகம்>உலகம் எவ்வொருவர்>ஒரு")]
    [InlineData("வந்தாரா>வ அவனோ>அவனோ பணமில்லை>பணம் தண்ணீரின்றி>தண் அழகாகிய>அழ அழகான>அழகா வருவதென்று>வரு எழுதப்பட்டது>எழுத சென்னையைப்பற்றி>சென்")]
    [InlineData("தமிழனை>தமிழ கண்ணன்முன்>கண்ணன் பள்ளிமேல்>பள்ளி மலையின்கீழ்>மலை கத்தியால்>கத்தி அம்மாவோடு>மா பேசாமல்>பே ஊருக்குள்>ஊர் தம்பீ>தம்")]
    [InlineData("செல்கிறான்>செல் வருகின்றார்>வரு படித்தான்>படி படித்தார்கள்>படி ஓடினேன்>ஓடின் பாடுவோம்>பாடு நடந்தது>நட எழுதும்>எழு சாப்பிடுவாய்>சாப்பிடு பார்த்துக்கொண்டிருந்தார்>பார்த்துக்கொண்டிரு")]
    [InlineData("கால்>கால்")]
    public void TamilLosesAffixes(string pairs) => WordsBecomeStems("tamil", pairs);

    [Fact]
    public void NoWordBreaksAStemmer()
    {
        var random = new Random(4);
        const string Letters = "aeiouyhsntrlmdgbkàéèêëïîôûüäöåæøßñçãõőűăâîşţșțий вшсьяеноал'ك تاليوةأஎவகளு்";
        foreach (string language in "arabic danish dutch english finnish french german hungarian italian norwegian portuguese romanian russian spanish swedish tamil turkish".Split(' '))
        {
            Analyzer analyzer = Of(language);
            for (int i = 0; i < 3000; i++)
            {
                string word = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Letters[random.Next(Letters.Length)]));
                Assert.All(analyzer.GetTokens(word), token => Assert.True(token.Text.Length <= 2 * word.Length));
            }
            Assert.Single(analyzer.GetTokens(new string('ß', 3000)));
        }
    }

    [Fact]
    public void StemmersAllocateNothing()
    {
        var sink = new NullSink();
        foreach (string language in "german french russian finnish arabic tamil".Split(' '))
        {
            Analyzer analyzer = Of(language);
            byte[] text = "vergleichbarkeiten continuellement говорящими taloissammekin والكتاب குழந்தைகளுடன்"u8.ToArray();
            analyzer.Analyze(text, sink);
            long before = GC.GetAllocatedBytesForCurrentThread();
            analyzer.Analyze(text, sink);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static Analyzer Of(string language) =>
        Analyzer.Parse($$"""{"tokenizer": "whitespace", "filter": [{"type": "stemmer", "language": "{{language}}"}]}""");

    private sealed class NullSink : TokenSink
    {
        public override bool Accept(scoped in AnalyzedToken token) => true;
    }
}
